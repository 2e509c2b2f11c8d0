// Where a host and the command line meet: a Unix stream socket `control.sock` in the state directory.
//
// The folder's path may be longer than an address of a socket (108 bytes): it is then reached through an open descriptor of the
// folder.
//
// Threads      any; no state.
#pragma once

#include <filesystem>

#include "core/descriptor.hpp"
#include "core/error.hpp"

namespace sluice {

inline constexpr const char* control_socket_name = "control.sock";

// Only for who holds the lock of the state directory: a socket that is left there by a process that ended is replaced. For the
// owner and its group only (0660).
Result<Descriptor> listen_in(const std::filesystem::path& state_dir);
void remove_socket(const std::filesystem::path& state_dir);

// unavailable: nobody listens there. invalid: somebody does, but this user may not connect.
Result<Descriptor> connect_in(const std::filesystem::path& state_dir);

}  // namespace sluice
