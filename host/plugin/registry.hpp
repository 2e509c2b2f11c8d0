// Which plugins there are: the shared libraries of the host's own folder and of the configuration's plugin_path, known by their
// manifests; and those of them that are loaded.
//
// Threads      the main thread alone. What find() and load() answer lives as long as the Registry and does not move.
// Ownership    owns the manifests and the libraries; libraries are finished in the reverse order of loading.
// Errors       one sentence each: which plugin, why not, what to do.
// Invariants   the working directory and the linker's path are never searched;
//              no code of a plugin runs before load(), none of a refused one ever;
//              a file is loaded at most once.
#pragma once

#include <filesystem>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "plugin/library.hpp"
#include "plugin/manifest.hpp"

namespace sluice {

class Registry {
public:
    // One file ending in .so, as found. A manifest that can be read is there also when the file is refused for its permissions.
    struct Candidate {
        std::filesystem::path file;  // absolute, links resolved where that was possible
        std::optional<Manifest> manifest;
        std::optional<Error> refusal;
        std::unique_ptr<Library> library;  // once loaded
    };

    // One component of a file that may be loaded.
    struct Component {
        Candidate* candidate;
        const ComponentSpec* spec;

        const Manifest& manifest() const { return *candidate->manifest; }
    };

    // The folders in this order. One that does not exist is empty, and is named when something is not found.
    explicit Registry(std::vector<std::filesystem::path> folders);
    ~Registry();
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    // ../lib/sluice/plugins, seen from the running binary; first in every search.
    static std::filesystem::path own_folder();
    // own_folder(), then plugin_path.
    static std::vector<std::filesystem::path> search_path(const std::vector<std::filesystem::path>& plugin_path);

    // The component that `plugin:` in a configuration names: by its name, or by the path of a .so that offers one of this kind.
    Result<Component> find(ComponentKind kind, const std::string& plugin);

    // Runs the plugin's code for the first time: entry and init.
    Result<const Library*> load(const Component& component);

    const std::vector<std::filesystem::path>& folders() const { return folders_; }
    // Folders that could not be read, and why: "/opt/plugins (No such file or directory)".
    const std::vector<std::string>& unsearched() const { return unsearched_; }
    // Components that need a newer host, one sentence each: what else their files offer can be used.
    std::vector<std::string> skipped() const;
    const std::list<Candidate>& candidates() const { return candidates_; }

    // The file alone, without a search.
    static Candidate examine(const std::filesystem::path& file);

private:
    void scan(const std::filesystem::path& folder);
    Candidate* add(const std::filesystem::path& file);
    Result<Component> find_by_path(ComponentKind kind, const std::filesystem::path& file);
    Error not_found(ComponentKind kind, const std::string& name) const;

    std::vector<std::filesystem::path> folders_;
    std::vector<std::string> unsearched_;
    std::list<Candidate> candidates_;  // a list, so that they do not move
    std::vector<Candidate*> loaded_;   // in the order of loading
};

// A `plugin:` that is a path rather than a component's name.
bool is_plugin_path(const std::string& plugin);

}  // namespace sluice
