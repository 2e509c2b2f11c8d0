#include "work/connection.hpp"

#include "core/bytes.hpp"

namespace sluice {

Connection::Connection(const Database& database, std::uint32_t number, Ended& ended) : database_(database), number_(number) {
    sink_.struct_size = sizeof sink_;
    sink_.context = &ended;
    // Nothing may be thrown into the plugin. What is left that could throw is the executor that cannot take the worker in: a host that
    // cannot even do that ends, and what was in flight comes again.
    sink_.committed = [](void* context, std::uint64_t token, sluice_status status, const sluice_commit_result* results,
                         std::uint64_t count, sluice_bytes text) noexcept {
        static_cast<Ended*>(context)->committed(token, status, results, count, text);
    };
}

Result<void> Connection::open() {
    if (connection_ != nullptr) return {};
    return database_.instance.attempt("connect", [this](const sluice_database& table, void* database, sluice_fault* fault) {
        return table.connect(database, &sink_, &connection_, fault);
    });
}

std::string_view Connection::resource() const {
    if (table().resource_id == nullptr) return {};
    const sluice_bytes id = fenced({part(), "resource_id"}, [&] { return table().resource_id(database_self()); }, [](std::string_view) { return sluice_bytes{}; });
    return view_of(id);
}

void Connection::note(sluice_status status, std::string_view text) const {
    if (status == SLUICE_UNAVAILABLE)
        circuit().away(text);
    else if (is_for_good(status))
        circuit().fail(text);
}

void Connection::close() {
    if (connection_ == nullptr) return;
    fenced({part(), "disconnect"}, [&] { table().disconnect(connection_); });
    connection_ = nullptr;
}

}  // namespace sluice
