// `file` with `follow`: what is appended comes, and there is no end.
#include "lines.hpp"

namespace sluice::contract {
namespace {

const bool added =
    add(QueueEngine{.name = "file_following",
                    .plugin = "file",
                    .component = "file",
                    .source =
                        [](const Folder& folder) {
                            return Options{{"path", folder / "in.jsonl"}, {"follow", true}};
                        },
                    .fill = [](const Folder& folder, const Bodies& bodies) { append_lines(folder / "in.jsonl", bodies); },
                    .capabilities = SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER | SLUICE_QUEUE_STABLE_IDS,
                    .spoil = [](const Folder& folder) { return folder_at(folder / "in.jsonl"); }});

}  // namespace
}  // namespace sluice::contract
