#include "unit/deduplication.hpp"

#include "unit/session.hpp"

namespace sluice {

const Connection& Deduplication::connection() const {
    return *session_.connections()[position_];
}

sluice_status Deduplication::record(Unit& unit, std::uint32_t index) {
    const Message& message = *unit.messages[index];
    const sluice_identity identity = identity_of(message);
    FaultBuffer& fault = session_.fault();
    const auto record = [&](const sluice_identity& one) {
        return connection().port().record_once(unit.handles[position_], unit.ticket(index), one, fault.get());
    };
    fault.clear();
    if (const sluice_status begun = session_.begin(unit, position_, fault.get()); begun != SLUICE_OK) return begun;
    sluice_status recorded = record(identity);
    // So that its source, should it deliver the message once more, delivers it to no effect. Seen: the source has confirmed it.
    if (recorded == SLUICE_OK && message.replayed && identity.stream_size != message.stream_size)
        if (const sluice_status delivery = record(delivery_of(message)); delivery != SLUICE_SEEN) recorded = delivery;
    const bool never = recorded == SLUICE_INVALID || recorded == SLUICE_UNSUPPORTED;  // whatever the message
    return session_.note(connection(), never ? SLUICE_FAILED : recorded, fault.get());
}

void Deduplication::forget(Unit& unit, std::uint32_t index) {
    connection().port().forget(unit.handles[position_], unit.ticket(index));
}

void Deduplication::confirmed_below(std::string_view source, std::string_view stream, std::uint64_t below) {
    connection().port().confirmed_below({source.data(), source.size()}, {stream.data(), stream.size()}, below);
}

}  // namespace sluice
