// `lanes` of the drills: the model of a broker that takes away what it has delivered, here when a test says so.
#pragma once

#include "lines.hpp"

namespace sluice::contract {

constexpr Milliseconds never_over = std::chrono::hours(1);

inline Options lanes_options(const Folder& folder, std::uint32_t lanes, bool late, Milliseconds lease = never_over) {
    return {{"path", folder / "in.jsonl"},
            {"orders", folder / "orders"},
            {"lanes", lanes},
            {"run", stored / lanes},
            {"churn", Milliseconds(0)},
            {"lease", lease},
            {"late", late}};
}

// `late`: what is settled is confirmed by the next call.
inline QueueEngine lanes_engine(const std::string& name, std::uint32_t lanes, bool late) {
    return {.name = name,
            .plugin = SLUICE_LANES,
            .component = "lanes",
            .source = [=](const Folder& folder) { return lanes_options(folder, lanes, late); },
            .fill = [](const Folder& folder, const Bodies& bodies) { append_lines(folder / "in.jsonl", bodies); },
            .capabilities =
                SLUICE_QUEUE_FINITE | SLUICE_QUEUE_TAKES_BACK | SLUICE_QUEUE_RELEASE_KEEPS_ORDER | SLUICE_QUEUE_STABLE_IDS,
            .can_be_probed = false,
            .has_service = true,
            .lanes = lanes,
            .knows_lost = true,
            .spoil = [](const Folder& folder) { return folder_at(folder / "in.jsonl.acks"); },
            .leased = [=](const Folder& folder, Milliseconds lease) { return lanes_options(folder, lanes, late, lease); },
            .take_lane =
                [](const Folder& folder, std::uint32_t lane, std::uint32_t how) {
                    append_lines(folder / "orders", {(how == SLUICE_LANE_DRAIN ? "drain " : "lose ") + std::to_string(lane)});
                },
            .take_delivery = [](const Folder& folder,
                                std::uint64_t tag) { append_lines(folder / "orders", {"take " + std::to_string(tag)}); }};
}

}  // namespace sluice::contract
