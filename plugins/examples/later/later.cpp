#include "later.hpp"

SLUICE_PLUGIN("com.acme.later", "1.0.0", acme::later)
