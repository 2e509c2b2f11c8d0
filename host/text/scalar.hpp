// What type a scalar without quotes has, by the core schema of YAML 1.2 (section 10.3.2) without its octal numbers.
#pragma once

#include "text/node.hpp"

namespace sluice {

enum class ScalarForm { fine, octal };

// Sets kind, integer and real of a scalar from its text: true and false (also True, TRUE, ...), decimal and 0x whole numbers,
// real numbers, else text. A whole number of more than 64 bits becomes a real. `octal`: 017 or 0o17, which readers of YAML 1.1
// and 1.2 take for different numbers; the node is left as text.
ScalarForm infer_type(Node& node);

// For a message: "ten" in quotes (cut if long), 'nothing', 'a list', 'a map'.
std::string shown(const Node& node);

}  // namespace sluice
