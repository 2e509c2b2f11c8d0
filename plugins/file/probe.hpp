// What is there where a source would read, or a target write: nothing is opened for writing, created or locked.
//
// Errors   Failure with the text that opening it would have. unavailable: a folder is missing, or fails; invalid: what `path`
//          names is missing, is no file, or may not be used by this user. What a source with `follow` waits for is no error
//          while its folder is there.
#pragma once

#include "file_input.hpp"
#include "output.hpp"
#include "sluice/sdk/probe.hpp"

namespace sluice::file {

void probe_source(const FileOptions& options, const Probe& probe);
void probe_target(const OutputOptions& options, const Probe& probe);

}  // namespace sluice::file
