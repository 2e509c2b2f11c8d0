// `sluice plugins` lists what is on the plugin path; `sluice plugins inspect FILE` shows one file, `inspect NAME` what has that
// name. None runs a plugin's code.
//
// Output  for people, or with --json one JSON object; refusals of inspected files also as a sentence on standard error.
// Status  0; 1 if the inspected file is refused; 2 if the arguments make no sense.
#pragma once

#include <span>
#include <string>

namespace sluice {

// `arguments` are those behind the verb.
int plugins_verb(std::span<const std::string> arguments);

}  // namespace sluice
