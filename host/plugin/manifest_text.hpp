// Reads the JSON text of a manifest: see plugin-api/include/sluice/manifest.h for its form.
#pragma once

#include <string>
#include <string_view>

#include "plugin/manifest.hpp"

namespace sluice {

// Fills id, version and components. Answers what is wrong with the text, with its place ("components[0].options[2]: ..."), or
// empty. Members it does not know are ignored, so that later minors may add some.
std::string read_manifest_text(std::string_view json, Manifest& manifest);

}  // namespace sluice
