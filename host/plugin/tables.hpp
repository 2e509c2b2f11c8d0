// A plugin's function tables as the host uses them: copied into structs of the host's own size, so that nothing else in the
// host ever looks at struct_size. What a smaller table lacks is NULL, what a larger one has beyond is left alone.
#pragma once

#include <cstdint>
#include <string>

#include "plugin/manifest.hpp"
#include "sluice/entry.h"

namespace sluice {

// Each copies `table` to `to` and answers which rule the table breaks, or empty. `component` says which roles a queue must
// serve.
std::string take_table(const void* table, const ComponentSpec& component, sluice_handler& to);
std::string take_table(const void* table, const ComponentSpec& component, sluice_queue& to);
std::string take_table(const void* table, const ComponentSpec& component, sluice_database& to);

// Which rule is broken by a component that says it can do these things, though its table cannot; or empty.
std::string broken_promise(const sluice_queue& table, std::uint64_t capabilities);
std::string broken_promise(const sluice_database& table, std::uint64_t capabilities);

}  // namespace sluice
