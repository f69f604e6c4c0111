#include "tail/positions.hpp"

#include "tail/directory_scan.hpp"
#include "tail/file_uid.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace agent::tail {

namespace {

constexpr std::string_view first_line = "metrics-agent positions 1\n";
constexpr mode_t file_mode = 0640;

std::string hex(std::uint64_t number) {
    std::array<char, 17> text;
    std::snprintf(text.data(), text.size(), "%016lx", static_cast<unsigned long>(number));
    return text.data();
}

std::string escaped(std::string_view path) {
    std::string text;
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= ' ' || byte >= 0x7F || c == '%') {
            constexpr std::string_view digits = "0123456789ABCDEF";
            text.append({'%', digits[byte >> 4], digits[byte & 15]});
        } else {
            text.push_back(c);
        }
    }
    return text;
}

// The next words of a line; what does not fit makes it wrong, once and for all.
class Words {
  public:
    explicit Words(std::string_view line) : rest_(line) {}

    std::string_view next(char end = ' ') {
        const auto at = rest_.find(end);
        const auto word = rest_.substr(0, at);
        rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
        return word;
    }

    template <typename Number>
    void number(Number& out, char end = ' ', int base = 10) {
        const auto word = next(end);
        const auto [at, error] = std::from_chars(word.data(), word.data() + word.size(), out, base);
        is_wrong_ |= word.empty() || error != std::errc() || at != word.data() + word.size();
    }

    std::string path() {
        std::string path;
        const auto word = next();
        for (std::size_t i = 0; i < word.size(); ++i) {
            unsigned char byte = 0;
            if (word[i] != '%') {
                path.push_back(word[i]);
            } else if (i + 2 < word.size() &&
                       std::from_chars(word.data() + i + 1, word.data() + i + 3, byte, 16).ptr == word.data() + i + 3) {
                path.push_back(static_cast<char>(byte));
                i += 2;
            } else {
                is_wrong_ = true;
            }
        }
        is_wrong_ |= !path.starts_with('/');
        return path;
    }

    bool at_end() const { return rest_.empty(); }
    void wrong() { is_wrong_ = true; }
    bool is_right() const { return !is_wrong_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool is_wrong_ = false;
};

std::optional<SavedFile> parse_line(std::string_view line) {
    Words words(line);
    SavedFile file;
    file.uid = words.next();
    const auto state = words.next();
    file.is_done = state == "done";
    if (state != "live" && !file.is_done) {
        return std::nullopt;
    }
    words.number(file.offset);
    words.number(file.frame_left);
    words.number(file.id.device);
    words.number(file.id.inode);
    words.number(file.id.birth_ns);
    words.number(file.fingerprint.length, ':');
    words.number(file.fingerprint.hash, ' ', 16);
    words.number(file.seen_ms);
    if (const auto marks = words.next(); marks != "-") {
        for (Words each(marks); !each.at_end();) {
            Mark mark;
            each.number(mark.offset, ':');
            each.number(mark.hash, ',', 16);
            file.marks.push_back(mark);
            if (each.at_end() && !each.is_right()) {
                words.wrong();
            }
        }
    }
    file.path = words.path();
    if (words.at_end()) {
        return std::nullopt;
    }
    Words last = words;
    file.first_path = last.next() == "=" ? (words.next(), file.path) : words.path();
    if (!words.is_right() || !is_uid(file.uid) || file.fingerprint.length > fingerprint_bytes ||
        file.marks.size() > max_marks) {
        return std::nullopt;
    }
    return file;
}

boost::system::error_code error_now() {
    return {errno, boost::system::generic_category()};
}

} // namespace

std::string print_positions(const std::vector<SavedFile>& files) {
    std::string text(first_line);
    text.reserve(files.size() * 256 + 64);
    for (const auto& file : files) {
        text.append(file.uid).append(file.is_done ? " done" : " live");
        for (const auto number : {file.offset, std::uint64_t{file.frame_left}, file.id.device, file.id.inode}) {
            text.append(" ").append(std::to_string(number));
        }
        text.append(" ").append(std::to_string(file.id.birth_ns)).append(" ");
        text.append(std::to_string(file.fingerprint.length)).append(":").append(hex(file.fingerprint.hash));
        text.append(" ").append(std::to_string(file.seen_ms)).append(" ");
        for (const auto& mark : file.marks) {
            text.append(std::to_string(mark.offset)).append(":").append(hex(mark.hash)).append(",");
        }
        if (file.marks.empty()) {
            text.append("-");
        } else {
            text.pop_back();
        }
        text.append(" ").append(escaped(file.path)).append(" ");
        text.append(file.first_path == file.path ? "=" : escaped(file.first_path)).append("\n");
    }
    const auto hash = hex(content_hash(text));
    return text.append("end ").append(std::to_string(files.size())).append(" ").append(hash).append("\n");
}

boost::system::result<std::vector<SavedFile>, std::string> parse_positions(std::string_view text) {
    using Parsed = boost::system::result<std::vector<SavedFile>, std::string>;
    const auto wrong = [](std::string what) { return Parsed(boost::system::in_place_error, std::move(what)); };
    if (!text.starts_with(first_line)) {
        return wrong("line 1: not a file of positions of this version");
    }
    const auto end = text.rfind("\nend ");
    if (end == std::string_view::npos || !text.ends_with('\n')) {
        return wrong("it has no last line: it was cut short");
    }
    const auto body = text.substr(0, end + 1);
    std::vector<SavedFile> files;
    std::size_t number = 1;
    for (auto rest = body.substr(first_line.size()); !rest.empty();) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() + 1);
        ++number;
        auto file = parse_line(line);
        if (!file) {
            return wrong("line " + std::to_string(number) + ": not a file's position");
        }
        files.push_back(*std::move(file));
    }
    if (text.substr(end + 1) != "end " + std::to_string(files.size()) + " " + hex(content_hash(body)) + "\n") {
        return wrong("its last line does not fit: it was changed or damaged");
    }
    return files;
}

Result<void> save_positions(const std::string& path, const std::string& text) {
    const auto temporary = path + ".new";
    const Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode));
    if (file.get() == -1) {
        return error_now();
    }
    for (std::size_t done = 0; done < text.size();) {
        const auto size = ::write(file.get(), text.data() + done, text.size() - done);
        if (size == -1 && errno != EINTR) {
            return error_now();
        }
        done += size == -1 ? 0 : static_cast<std::size_t>(size);
    }
    if (fdatasync(file.get()) == -1 || ::rename(temporary.c_str(), path.c_str()) == -1) {
        return error_now();
    }
    const Descriptor directory(::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (directory.get() == -1 || fsync(directory.get()) == -1) {
        return error_now();
    }
    return {};
}

Result<std::optional<std::string>> load_positions(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() == -1) {
        if (errno == ENOENT) {
            return std::nullopt;
        }
        return error_now();
    }
    const auto facts = facts_of(file.get());
    if (!facts) {
        return facts.error();
    }
    std::string text(facts->size_bytes, '\0');
    const auto size = read_at(file.get(), text, 0);
    if (!size) {
        return size.error();
    }
    text.resize(*size);
    return std::optional(std::move(text));
}

} // namespace agent::tail
