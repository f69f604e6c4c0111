// Which calls of a fake file system fail, and how many calls there were.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace agent::test {

enum class Call : std::uint8_t {
    create,
    open,
    write,
    read,
    sync,
    sync_directory,
    remove,
    rename,
    make_directory,
    list_files,
    lock,
};

inline constexpr std::size_t call_count = 11;
inline constexpr std::uint64_t forever = std::numeric_limits<std::uint64_t>::max();

// Calls that fail: `times` of them once `skip` have passed, of those that are of this kind and on such a path.
struct Fault {
    std::optional<Call> call = std::nullopt; // none: of any kind
    int error = EIO;
    std::uint64_t times = 1;
    std::uint64_t skip = 0;
    std::string path_part = {};
    std::size_t written_bytes = 0; // of a write: so many stand in the file all the same
};

class FaultPlan {
  public:
    void add(const Fault& fault) { faults_.push_back(fault); }
    void clear() { faults_.clear(); }

    // Asked before every call; an errno makes it fail.
    std::function<int(Call, const std::string& path)> before_call;

    std::uint64_t calls() const { return calls_; }
    std::uint64_t calls(Call call) const { return calls_of_[static_cast<std::size_t>(call)]; }

    // For the file system: counts the call, and gives its errno where it is to fail, else 0.
    int begin(Call call, const std::string& path, std::size_t* written_bytes = nullptr) {
        ++calls_;
        ++calls_of_[static_cast<std::size_t>(call)];
        int error = before_call ? before_call(call, path) : 0;
        for (Fault& fault : faults_) {
            if ((fault.call && *fault.call != call) || path.find(fault.path_part) == std::string::npos ||
                fault.times == 0) {
                continue;
            }
            if (fault.skip != 0) {
                --fault.skip;
                continue;
            }
            fault.times -= fault.times == forever ? 0 : 1;
            if (error == 0) {
                error = fault.error;
                if (written_bytes != nullptr) {
                    *written_bytes = fault.written_bytes;
                }
            }
        }
        return error;
    }

  private:
    std::vector<Fault> faults_;
    std::uint64_t calls_ = 0;
    std::array<std::uint64_t, call_count> calls_of_{};
};

} // namespace agent::test
