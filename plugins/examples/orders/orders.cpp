#include "orders.hpp"

SLUICE_PLUGIN("com.acme.orders", "1.2.0", acme::orders)
