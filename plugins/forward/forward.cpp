#include "component.hpp"

SLUICE_PLUGIN("sluice.forward", "0.1.0", sluice::forward::component)
