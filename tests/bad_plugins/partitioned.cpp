// A target that cannot store messages of the key "k0" until it has stored 500 others and been asked three times. It writes a
// line each to lines.txt in its folder.
#include <fstream>
#include <string>

#include "bad.h"

namespace {

std::ofstream lines;
const sluice_target_sink* sink;
int stored = 0;
int failed_calls = 0;

sluice_status create(const sluice_setup* setup, void** self, sluice_fault* fault) {
    const sluice_bytes folder = setup->api->state_dir(setup->host);
    lines.open(std::string(folder.data, folder.size) + "/lines.txt", std::ios::app);
    return bad_create(setup, self, fault);
}

sluice_status open_target(void*, const sluice_target_sink* its_sink, sluice_fault*) {
    sink = its_sink;
    return SLUICE_OK;
}

void answer(uint64_t token, sluice_status status, const std::string& text) {
    sink->published(sink->context, token, 1, status, {text.data(), text.size()});
}

sluice_status publish(void*, const sluice_outgoing* const* messages, uint64_t count, uint64_t token, sluice_fault*) {
    const bool is_down = stored < 500 || failed_calls < 3;
    bool has_failed = false;
    for (uint64_t i = 0; i < count; ++i) {
        if (is_down && std::string(messages[i]->key.data, messages[i]->key.size) == "k0") {
            answer(token + i, SLUICE_UNAVAILABLE, "the partition of k0 has no leader");
            has_failed = true;
            continue;
        }
        lines.write(messages[i]->body.data, static_cast<std::streamsize>(messages[i]->body.size)) << std::endl;
        ++stored;
        answer(token + i, SLUICE_OK, {});
    }
    failed_calls += has_failed;
    return SLUICE_QUEUED;
}

sluice_queue make_table() {
    sluice_queue table{};
    table.struct_size = sizeof table;
    table.create = create;
    table.destroy = bad_destroy;
    table.open_target = open_target;
    table.publish = publish;
    table.close = bad_destroy;
    return table;
}

const sluice_queue table = make_table();

}  // namespace

BAD_MANIFEST(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR, 0, BAD_JSON(BAD_COMPONENT("queue", ",\"roles\":[\"target\"]")));
BAD_REST(SLUICE_KIND_QUEUE, &table);
