#include "admin/socket/control_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace sluice {
namespace {

constexpr mode_t for_group = 0660;
constexpr int backlog = 16;

struct Address {
    Descriptor folder;  // what a short path leads through
    sockaddr_un socket{};
};

Result<Address> address_of(const std::filesystem::path& state_dir) {
    Address address;
    address.socket.sun_family = AF_UNIX;
    std::string path = state_dir / control_socket_name;
    if (path.size() >= sizeof address.socket.sun_path) {
        address.folder = Descriptor(::open(state_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!address.folder) return Error{ErrorKind::unavailable, std::string(std::strerror(errno))};
        path = "/proc/self/fd/" + std::to_string(address.folder.get()) + "/" + control_socket_name;
    }
    std::memcpy(address.socket.sun_path, path.c_str(), path.size() + 1);
    return address;
}

Error failed(const std::filesystem::path& state_dir, std::string_view what, int error,
             ErrorKind kind = ErrorKind::unavailable) {
    return {kind, (state_dir / control_socket_name).string() + ": " + std::string(what) + ": " + std::strerror(error)};
}

Descriptor stream_socket() {
    return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

}  // namespace

Result<Descriptor> listen_in(const std::filesystem::path& state_dir) {
    const Result<Address> address = address_of(state_dir);
    if (!address) return Error(address.error()).within((state_dir / control_socket_name).string());
    const auto* where = reinterpret_cast<const sockaddr*>(&address->socket);
    Descriptor socket = stream_socket();
    remove_socket(state_dir);
    // Before bind, so that there is no moment at which others could connect; after it for what the umask took away.
    if (!socket || ::fchmod(socket.get(), for_group) != 0 || ::bind(socket.get(), where, sizeof address->socket) != 0)
        return failed(state_dir, "the control socket cannot be made", errno);
    if (::chmod((state_dir / control_socket_name).c_str(), for_group) != 0 || ::listen(socket.get(), backlog) != 0)
        return failed(state_dir, "the control socket cannot be opened", errno);
    return socket;
}

void remove_socket(const std::filesystem::path& state_dir) {
    ::unlink((state_dir / control_socket_name).c_str());
}

Result<Descriptor> connect_in(const std::filesystem::path& state_dir) {
    const Result<Address> address = address_of(state_dir);
    if (!address) return Error(address.error());
    Descriptor socket = stream_socket();
    if (!socket) return failed(state_dir, "no socket can be made", errno);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address->socket), sizeof address->socket) != 0)
        return failed(state_dir, "cannot connect", errno,
                      errno == EACCES || errno == EPERM ? ErrorKind::invalid : ErrorKind::unavailable);
    return socket;
}

}  // namespace sluice
