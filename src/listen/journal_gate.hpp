// The port through which sessions learn what is safe. listen owns it; the app answers. One thread; no call blocks.
#pragma once

#include <cstdint>

namespace agent::listen {

enum class Safety : std::uint8_t {
    pending,     // not yet: the listener is told when to ask again
    durable,     // survives the end of this process
    not_durable, // does not, and there is nothing to wait for
};

class JournalGate {
  public:
    virtual ~JournalGate() = default;

    // Stands for everything that has been accepted so far.
    virtual std::uint64_t ticket() = 0;
    virtual Safety safety(std::uint64_t ticket) const = 0;

    // The journal's writer is behind: read nothing for a moment, so that senders are held back instead of rejected.
    virtual bool is_behind() const = 0;
};

} // namespace agent::listen
