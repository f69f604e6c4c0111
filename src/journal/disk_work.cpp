#include "journal/disk_work.hpp"

#include "journal/file_header.hpp"

#include <cerrno>

namespace agent::journal {

using boost::system::error_code;

error_code write_at(FileSystem& files, FileSystem::Descriptor file, std::span<const std::byte> bytes,
                    std::uint64_t offset) {
    while (!bytes.empty()) {
        const auto size = files.write_at(file, bytes, offset);
        if (!size) {
            return size.error();
        }
        if (*size == 0) {
            return {ENOSPC, boost::system::generic_category()};
        }
        bytes = bytes.subspan(*size);
        offset += *size;
    }
    return {};
}

namespace {

void close(FileSystem& files, JournalFile& file) {
    if (file.descriptor >= 0) {
        files.close(file.descriptor);
        file.descriptor = -1;
    }
}

error_code make(FileSystem& files, JournalFile& file, WriteResult& result) {
    const auto made = files.create(file.path);
    if (!made) {
        return made.error();
    }
    file.descriptor = *made;
    result.made_in.insert(file.directory);
    const auto failed = write_at(files, file.descriptor, encode(file.header), 0);
    file.is_made = !failed;
    if (failed) {
        close(files, file);
    }
    return failed;
}

error_code write_one(FileSystem& files, const Write& write, std::span<const std::byte> bytes, WriteResult& result) {
    auto& file = *write.file;
    if (!file.is_removed && write.size_bytes != 0) {
        if (!file.is_made) {
            if (const auto failed = make(files, file, result)) {
                return failed;
            }
        }
        if (const auto failed =
                write_at(files, file.descriptor, bytes.subspan(write.begin, write.size_bytes), write.offset)) {
            return failed;
        }
        result.written_bytes += write.size_bytes;
    }
    if (write.is_last) {
        close(files, file);
    }
    return {};
}

} // namespace

WriteResult write_batch(FileSystem& files, const WriteBatch& batch) {
    WriteResult result;
    for (const auto* const writes : {&batch.records, &batch.deltas}) {
        for (const auto& write : *writes) {
            if (write.file->is_made && write.file->descriptor < 0) {
                continue; // written to its end by a batch that failed later
            }
            result.failure = write_one(files, write, batch.bytes, result);
            if (result.failure) {
                result.failed_path = write.file->path;
                return result;
            }
        }
    }
    return result;
}

std::vector<std::shared_ptr<JournalFile>> remove_files(FileSystem& files,
                                                       const std::vector<std::shared_ptr<JournalFile>>& doomed) {
    std::vector<std::shared_ptr<JournalFile>> left;
    for (const auto& file : doomed) {
        file->is_removed = true;
        close(files, *file);
        if (!files.remove(file->path)) {
            left.push_back(file);
        }
    }
    return left;
}

namespace {

// Its bytes in place, chunk by chunk. The writer may put more behind them meanwhile.
error_code write_again(FileSystem& files, const std::string& path) {
    const auto file = files.lock(path); // of the port's calls the one that opens to write and keeps
    if (!file) {
        return file.error();
    }
    std::vector<std::byte> chunk(std::size_t{1} << 18);
    error_code failed;
    for (std::uint64_t offset = 0; !failed;) {
        const auto size = files.read_at(*file, chunk, offset);
        if (size && *size == 0) {
            break;
        }
        failed = size ? write_at(files, *file, std::span(chunk).first(*size), offset) : size.error();
        offset += size ? *size : 0;
    }
    files.close(*file);
    return failed;
}

} // namespace

error_code sync_all(FileSystem& files, const std::set<std::string>& paths, const std::set<std::string>& doubtful,
                    const std::set<std::string>& directories) {
    error_code first;
    const auto note = [&](const FileSystem::Result<void>& done) {
        if (!done && !first) {
            first = done.error();
        }
    };
    for (const auto& path : paths) {
        const auto file = files.open(path);
        if (!file) {
            if (file.error() != boost::system::errc::no_such_file_or_directory) {
                note(file.error());
            }
            continue;
        }
        const auto failed = doubtful.contains(path) ? write_again(files, path) : error_code{};
        note(failed ? FileSystem::Result<void>(failed) : files.sync(*file));
        files.close(*file);
    }
    for (const auto& directory : directories) {
        const auto done = files.sync_directory(directory);
        if (done || (done.error() != boost::system::errc::invalid_argument &&
                     done.error() != boost::system::errc::not_supported)) { // some file systems know no such thing
            note(done);
        }
    }
    return first;
}

error_code replace_file(FileSystem& files, const std::string& path, std::span<const std::byte> bytes) {
    const auto draft = path + ".new";
    const auto file = files.create(draft);
    if (!file) {
        return file.error();
    }
    const auto failed = write_at(files, *file, bytes, 0);
    files.close(*file);
    if (failed) {
        return failed;
    }
    const auto renamed = files.rename(draft, path);
    return renamed ? error_code{} : renamed.error();
}

} // namespace agent::journal
