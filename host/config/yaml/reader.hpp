// YAML text to a tree of nodes that know their line and column.
//
// Stricter than YAML where YAML lets mistakes pass: duplicate keys, merge keys, tags, a second document and keys that are
// not plain text are problems. Types of scalars are not inferred here but by finish_tree, after the environment has been put
// in.
//
// Limits       limits::config_file_bytes, config_depth, config_key_bytes, config_nodes and config_text_bytes (aliases
//              expanded), and config_signs_ahead for what the parser reads before it tells of it.
// Errors       go to `problems`; the syntax errors of YAML one at a time, since a parser is lost after the first.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "text/node.hpp"
#include "text/problems.hpp"

namespace sluice {

// The document of a file called `name` in messages, or nothing if reading could not go on.
std::optional<Node> read_yaml(std::string_view text, const std::string& name, Problems& problems);

// A value that stands in no file: of --set, or a default of a manifest. All of it is marked `mark`.
std::optional<Node> read_yaml_value(std::string_view text, const Mark& mark, Problems& problems);

}  // namespace sluice
