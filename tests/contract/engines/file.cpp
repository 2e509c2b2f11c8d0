// `file`: a file of JSON Lines, read to its end.
#include "lines.hpp"

namespace sluice::contract {
namespace {

const bool added = add(QueueEngine{
    .name = "file",
    .plugin = "file",
    .component = "file",
    .source =
        [](const Folder& folder) {
            return Options{{"path", folder / "in.jsonl"}, {"follow", false}};
        },
    .target =
        [](const Folder& folder) {
            std::filesystem::create_directory(folder / "out");
            return Options{{"path", folder / "out/messages.jsonl"}, {"sync", "batch"}};
        },
    .fill = [](const Folder& folder, const Bodies& bodies) { append_lines(folder / "in.jsonl", bodies); },
    .read_back = [](const Folder& folder) { return read_lines(folder / "out/messages.jsonl"); },
    .capabilities = SLUICE_QUEUE_FINITE | SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER | SLUICE_QUEUE_STABLE_IDS,
    .spoil = [](const Folder& folder) { return folder_at(folder / "in.jsonl"); }});

}  // namespace
}  // namespace sluice::contract
