#include "plugin/registry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/limits.hpp"
#include "plugin/file_check.hpp"
#include "plugin/refusal.hpp"
#include "text/suggest.hpp"

namespace sluice {
namespace {

namespace fs = std::filesystem;

const ComponentSpec* offered(const Registry::Candidate& candidate, ComponentKind kind, const std::string& name) {
    if (candidate.manifest)
        for (const ComponentSpec& spec : candidate.manifest->components)
            if (spec.kind == kind && spec.name == name && spec.needs_newer.empty()) return &spec;
    return nullptr;
}

// One that is called so, and would be of this kind as far as this host can tell.
const ComponentSpec* too_new(const Registry::Candidate& candidate, ComponentKind kind, const std::string& name) {
    if (candidate.manifest)
        for (const ComponentSpec& spec : candidate.manifest->components)
            if (!spec.needs_newer.empty() && spec.name == name && (spec.kind == kind || spec.kind == ComponentKind::unknown))
                return &spec;
    return nullptr;
}

}  // namespace

bool is_plugin_path(const std::string& plugin) {
    return plugin.find('/') != std::string::npos || plugin.ends_with(".so");
}

fs::path Registry::own_folder() {
    std::error_code failed;
    const fs::path binary = fs::read_symlink("/proc/self/exe", failed);
    return (binary.parent_path().parent_path() / "lib/sluice/plugins").lexically_normal();
}

std::vector<fs::path> Registry::search_path(const std::vector<fs::path>& plugin_path) {
    std::vector<fs::path> folders{own_folder()};
    folders.insert(folders.end(), plugin_path.begin(), plugin_path.end());
    return folders;
}

Registry::Registry(std::vector<fs::path> folders) : folders_(std::move(folders)) {
    for (const fs::path& folder : folders_) scan(folder);
}

Registry::~Registry() {
    while (!loaded_.empty()) {
        loaded_.back()->library.reset();
        loaded_.pop_back();
    }
}

void Registry::scan(const fs::path& folder) {
    std::error_code failed;
    std::vector<fs::path> files;
    for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
        if (entry->path().extension() != ".so") continue;
        if (files.size() == limits::plugin_files_max) {
            unsearched_.push_back(
                fmt::format("{} (more than {} files: give plugins a folder of their own)", folder.native(), files.size()));
            return;
        }
        files.push_back(entry->path());
    }
    if (failed) unsearched_.push_back(fmt::format("{} ({})", folder.native(), failed.message()));
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) add(file);
}

Registry::Candidate Registry::examine(const fs::path& file) {
    Candidate candidate;
    Result<fs::path> resolved = check_plugin_file(file);
    std::error_code failed;
    candidate.file = resolved ? *resolved : fs::canonical(file, failed);
    if (candidate.file.empty()) candidate.file = fs::absolute(file, failed);
    Result<Manifest> manifest = read_manifest(candidate.file);
    if (!resolved)
        candidate.refusal = std::move(resolved).error();
    else if (!manifest)
        candidate.refusal = std::move(manifest).error();
    if (manifest) candidate.manifest = std::move(manifest).value();
    return candidate;
}

// A file that several folders or links lead to is one candidate.
Registry::Candidate* Registry::add(const fs::path& file) {
    Candidate candidate = examine(file);
    for (Candidate& known : candidates_)
        if (known.file == candidate.file) return &known;
    return &candidates_.emplace_back(std::move(candidate));
}

Result<Registry::Component> Registry::find(ComponentKind kind, const std::string& plugin) {
    if (is_plugin_path(plugin)) return find_by_path(kind, plugin);
    std::optional<Component> found;
    for (Candidate& candidate : candidates_) {
        const ComponentSpec* spec = candidate.refusal ? nullptr : offered(candidate, kind, plugin);
        if (spec == nullptr) continue;
        if (found)
            return Error{
                ErrorKind::invalid,
                fmt::format("two plugins offer the {} \"{}\": {} and {}; remove one, or write its path instead of the name",
                            to_string(kind), plugin, found->candidate->file.native(), candidate.file.native())};
        found = Component{&candidate, spec};
    }
    if (!found) return not_found(kind, plugin);
    return *found;
}

Result<Registry::Component> Registry::find_by_path(ComponentKind kind, const fs::path& file) {
    if (!file.is_absolute()) return refused(file, "the path is not absolute; write it from the root");
    Candidate* candidate = add(file);
    if (candidate->refusal) return *candidate->refusal;
    std::vector<std::string> of_kind;
    std::vector<std::string> all;
    const ComponentSpec* found = nullptr;
    const ComponentSpec* newer = nullptr;
    for (const ComponentSpec& spec : candidate->manifest->components) {
        if (!spec.needs_newer.empty()) {
            if (spec.kind == kind || (newer == nullptr && spec.kind == ComponentKind::unknown)) newer = &spec;
            continue;
        }
        all.push_back(fmt::format("the {} \"{}\"", to_string(spec.kind), spec.name));
        if (spec.kind != kind) continue;
        of_kind.push_back(spec.name);
        found = &spec;
    }
    if (of_kind.size() == 1) return Component{candidate, found};
    if (of_kind.empty() && newer != nullptr && (newer->kind == kind || all.empty()))
        return refused(file, needs_newer_text(*newer), ErrorKind::unsupported);
    if (of_kind.empty() && all.empty())
        return refused(file, fmt::format("it offers no {} that this host knows; use a newer host", to_string(kind)),
                       ErrorKind::unsupported);
    if (of_kind.empty())
        return refused(file,
                       fmt::format("it offers no {}, but {}; use it where that belongs", to_string(kind), spoken_list(all)));
    return refused(file,
                   fmt::format("it offers several of the kind {}: {}; add its folder to plugin_path and write the name of one",
                               to_string(kind), spoken_list(of_kind)));
}

Error Registry::not_found(ComponentKind kind, const std::string& name) const {
    std::vector<std::string> names;
    std::vector<std::string> refused_files;
    for (const Candidate& candidate : candidates_) {
        if (candidate.refusal) {
            // The one that was meant, as far as one can tell: it would offer the name, or its file is called so.
            if (offered(candidate, kind, name) != nullptr || candidate.file.stem() == name) return *candidate.refusal;
            refused_files.push_back(candidate.file.native());
        } else {
            if (const ComponentSpec* newer = too_new(candidate, kind, name))
                return refused(candidate.file, needs_newer_text(*newer), ErrorKind::unsupported);
            for (const ComponentSpec& spec : candidate.manifest->components)
                if (spec.kind == kind && spec.needs_newer.empty()) names.push_back(spec.name);
        }
    }
    std::sort(names.begin(), names.end());
    std::vector<std::string> searched;
    for (const fs::path& folder : folders_) searched.push_back(folder.native());
    constexpr std::size_t shown_max = 200;
    const std::string shown = name.size() > shown_max ? std::string(name.substr(0, shown_max)) + "..." : std::string(name);
    std::string message = fmt::format("there is no {} \"{}\" in {}{}", to_string(kind), shown, spoken_list(searched),
                                      did_you_mean_or_list(name, names));
    if (!unsearched_.empty()) message += fmt::format("; not searched: {}", spoken_list(unsearched_));
    if (!refused_files.empty()) message += fmt::format("; refused, see `sluice plugins`: {}", spoken_list(refused_files));
    return {ErrorKind::invalid, std::move(message)};
}

std::vector<std::string> Registry::skipped() const {
    std::vector<std::string> sentences;
    for (const Candidate& candidate : candidates_) {
        if (candidate.refusal) continue;
        for (const ComponentSpec& spec : candidate.manifest->components)
            if (!spec.needs_newer.empty())
                sentences.push_back(fmt::format("plugin {}: {}", candidate.file.native(), needs_newer_text(spec)));
    }
    return sentences;
}

Result<const Library*> Registry::load(const Component& component) {
    Candidate& candidate = *component.candidate;
    if (candidate.refusal) return *candidate.refusal;
    if (!candidate.library) {
        Result<std::unique_ptr<Library>> loaded = Library::load(*candidate.manifest);
        if (!loaded) return *(candidate.refusal = std::move(loaded).error());
        candidate.library = std::move(loaded).value();
        loaded_.push_back(&candidate);
    }
    return candidate.library.get();
}

}  // namespace sluice
