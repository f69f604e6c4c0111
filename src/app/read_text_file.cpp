#include "app/read_text_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace agent::app {

namespace {

constexpr std::size_t read_bytes = 64 * 1024;

// False where it fails; errno says why. Reads no more than one byte above `max_bytes`.
bool read_all(int fd, std::size_t max_bytes, std::string& text) {
    for (;;) {
        const auto have_bytes = text.size();
        const auto wanted_bytes = std::min(read_bytes, max_bytes + 1 - have_bytes);
        text.resize(have_bytes + wanted_bytes);
        const auto size = read(fd, text.data() + have_bytes, wanted_bytes);
        text.resize(have_bytes + static_cast<std::size_t>(size > 0 ? size : 0));
        if (size == 0 || text.size() > max_bytes) {
            return true;
        }
        if (size < 0 && errno != EINTR) {
            return false;
        }
    }
}

} // namespace

boost::system::result<std::string, std::string> read_text_file(const std::string& path, std::size_t max_bytes) {
    using Read = boost::system::result<std::string, std::string>;
    const auto wrong = [](std::string what) { return Read(boost::system::in_place_error, std::move(what)); };
    const auto why = [] { return std::string(std::strerror(errno)); }; // NOLINT(concurrency-mt-unsafe): one thread
    std::string text;
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return wrong("cannot open it: " + why());
    }
    const bool is_read = read_all(fd, max_bytes, text);
    auto trouble = is_read ? "" : "cannot read it: " + why();
    close(fd);
    if (!is_read) {
        return wrong(std::move(trouble));
    }
    if (text.size() > max_bytes) {
        return wrong("longer than " + std::to_string(max_bytes) + " bytes");
    }
    return Read(boost::system::in_place_value, std::move(text));
}

} // namespace agent::app
