// A plugin in this process: loaded by its exact path, introduced to the host, initialised, its tables checked and copied.
//
// Threads      [control]: load and destruction on the main thread, no other call into the plugin at the same time. The tables
//              are constant in between and may be used as their own tags say.
// Ownership    the Library owns the copied tables; it outlives every instance made from them. The destructor calls fini. The
//              code itself is never unloaded while the process lives: thread-local destructors, exit handlers and unique
//              symbols may point into it.
// Errors       one sentence with the path, the reason and the remedy. `invalid`: cannot be loaded. `contract`: breaks a rule of
//              the ABI. Whatever init answered otherwise.
// Invariants   what manifest() says is what the module said, name by name, in order; but for components that need a newer host,
//              for which it is not asked.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <variant>
#include <vector>

#include "core/error.hpp"
#include "plugin/manifest.hpp"
#include "plugin/plugin_call.hpp"
#include "sluice/entry.h"

namespace sluice {

class Library {
public:
    // `manifest` was read from a file that check_plugin_file() let pass; manifest.file is loaded.
    static Result<std::unique_ptr<Library>> load(Manifest manifest);
    ~Library();
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    // The refusal of a plugin that breaks a rule of the ABI, also one that shows only later.
    Error broken(std::string_view why) const;

    const Manifest& manifest() const { return manifest_; }
    std::uint16_t minor() const { return minor_; }  // the minor both sides speak

    // NULL if the plugin has no component of that kind and name.
    const sluice_handler* handler(std::string_view component) const { return table<sluice_handler>(component); }
    const sluice_queue* queue(std::string_view component) const { return table<sluice_queue>(component); }
    const sluice_database* database(std::string_view component) const { return table<sluice_database>(component); }

private:
    using Table = std::variant<std::monostate, sluice_handler, sluice_queue, sluice_database>;

    explicit Library(Manifest manifest) : manifest_(std::move(manifest)), part_(&plugin_part({}, manifest_.file.string())) {}

    Result<void> introduce(sluice_plugin_entry_fn entry);
    Result<void> check_module() const;
    Result<void> initialise();
    Result<void> take_components();
    Error disagrees(std::string_view what, std::string_view in_manifest, std::string_view in_module) const;

    template <typename T>
    const T* table(std::string_view component) const {
        for (std::size_t index = 0; index < tables_.size(); ++index)
            if (manifest_.components[index].name == component)
                if (const T* found = std::get_if<T>(&tables_[index])) return found;
        return nullptr;
    }

    Manifest manifest_;
    const PluginPart* const part_;
    std::uint16_t minor_ = 0;
    sluice_module module_{};  // a copy in the host's size
    bool initialised_ = false;
    std::vector<Table> tables_;  // one per component of the manifest, in its order; constant after load
};

}  // namespace sluice
