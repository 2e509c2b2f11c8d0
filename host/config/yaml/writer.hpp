// Writes YAML that read_yaml reads back to the same values.
//
// Text is written plain where that is safe, as a literal block where it has lines, else between double quotes. "${" is written
// "$${", so that nothing is replaced a second time.
#pragma once

#include <string>
#include <string_view>

#include "text/node.hpp"

namespace sluice {

class YamlWriter {
public:
    void begin_map(std::string_view name);  // its entries are indented below it
    void end_map() { --depth_; }

    void text(std::string_view name, std::string_view value);
    // A value that is YAML as it stands: a number, a duration, "[]".
    void raw(std::string_view name, std::string_view value);
    void node(std::string_view name, const Node& node);

    const std::string& result() const { return out_; }

private:
    void begin_line(std::string_view name);

    std::string out_;
    std::size_t depth_ = 0;
};

// The text as it may stand inside [ ] or { }.
std::string yaml_scalar(std::string_view text);

}  // namespace sluice
