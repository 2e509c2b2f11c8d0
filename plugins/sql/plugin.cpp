#include "sluice/sdk/plugin.hpp"

#include "component.hpp"

SLUICE_PLUGIN("org.sluice.sql", "0.1.0", sluice::sql::component)
