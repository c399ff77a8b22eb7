// The zip form: NAME/data.pkl has the pickle, NAME/data/KEY the bytes of each storage, none of them
// compressed. The stream: the pickles of a magic number, a version, what the machine was like, the object,
// and the keys; then for each key the number of elements and their bytes. (torch/serialization.py)
#include "vggen/formats/torch_file.hpp"

#include "vggen/formats/pickle.hpp"
#include "vggen/formats/state_dict.hpp"
#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <zip.h>

namespace vggen::detail {

namespace {

constexpr std::string_view zip_start("PK\x03\x04", 4);
constexpr std::string_view stream_start("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 14);
constexpr std::uint64_t most_pickle_bytes = 64 << 20;

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

std::int64_t bytes_of(const pickle_value &storage, const std::string &file_name) {
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(storage.count, static_cast<std::int64_t>(element_bits(storage.type) / 8),
                             &bytes))
    throw error(error_code::corrupt_file,
                file_name + ": found a storage of " + std::to_string(storage.count) + " elements");
  return bytes;
}

// A zip archive in memory.
class zip_archive {
public:
  explicit zip_archive(std::shared_ptr<const mapped_file> file) : file_(std::move(file)) {
    zip_error_t problem;
    zip_error_init(&problem);
    zip_source_t *source =
        zip_source_buffer_create(file_->bytes().data(), file_->bytes().size(), 0, &problem);
    if (source != nullptr) zip_ = zip_open_from_source(source, ZIP_RDONLY, &problem);
    if (zip_ == nullptr) {
      const std::string why = zip_error_strerror(&problem);
      zip_error_fini(&problem);
      if (source != nullptr) zip_source_free(source);
      fail("a damaged zip archive (" + why + ")");
    }
    zip_error_fini(&problem);
  }
  ~zip_archive() { zip_discard(zip_); }
  zip_archive(const zip_archive &) = delete;
  zip_archive &operator=(const zip_archive &) = delete;

  [[noreturn]] void fail(const std::string &what, error_code code = error_code::corrupt_file) const {
    throw error(code, name() + ": found " + what);
  }
  [[nodiscard]] std::string name() const { return file_->path().string(); }

  // The name that ends like this, or an empty one.
  [[nodiscard]] std::string find_ending(std::string_view end) const {
    const zip_int64_t count = zip_get_num_entries(zip_, 0);
    for (zip_int64_t i = 0; i < count; ++i) {
      const char *entry = zip_get_name(zip_, static_cast<zip_uint64_t>(i), 0);
      if (entry != nullptr && std::string_view(entry).ends_with(end)) return entry;
    }
    return {};
  }

  // The entry's index and size; -1: there is none. Compressed ones are refused: PyTorch writes none, and how
  // long they become nobody knows.
  [[nodiscard]] std::pair<zip_int64_t, std::uint64_t> find(const std::string &entry) const {
    const zip_int64_t index = zip_name_locate(zip_, entry.c_str(), 0);
    if (index < 0) return {-1, 0};
    zip_stat_t facts;
    if (zip_stat_index(zip_, static_cast<zip_uint64_t>(index), 0, &facts) != 0 ||
        (facts.valid & ZIP_STAT_SIZE) == 0)
      fail("a damaged zip archive at " + in_quotes(entry));
    if (facts.comp_method != ZIP_CM_STORE || facts.encryption_method != ZIP_EM_NONE)
      fail("a compressed or encrypted entry " + in_quotes(entry) + ", expected one as PyTorch stores it",
           error_code::unsupported);
    if (facts.size > file_->bytes().size())
      fail("an entry " + in_quotes(entry) + " that is larger than the file");
    return {index, facts.size};
  }

  void read(zip_int64_t index, std::int64_t offset, std::span<std::byte> to) const {
    zip_file_t *entry = zip_fopen_index(zip_, static_cast<zip_uint64_t>(index), 0);
    if (entry == nullptr) fail("a damaged zip archive (" + std::string(zip_strerror(zip_)) + ")");
    bool whole = offset == 0 || zip_fseek(entry, offset, SEEK_SET) == 0;
    while (whole && !to.empty()) {
      const zip_int64_t count = zip_fread(entry, to.data(), to.size());
      whole = count > 0;
      if (whole) to = to.subspan(static_cast<std::size_t>(count));
    }
    const bool closed = zip_fclose(entry) == 0;
    if (!whole || !closed) fail("a damaged zip archive: an entry ends early");
  }

  [[nodiscard]] std::vector<std::byte> read_all(const std::string &entry) const {
    const auto [index, size] = find(entry);
    if (index < 0) return {};
    if (size > most_pickle_bytes)
      fail("a pickle of " + std::to_string(size) + " bytes", error_code::too_large);
    std::vector<std::byte> content(size);
    if (size > 0) read(index, 0, content);
    return content;
  }

private:
  std::shared_ptr<const mapped_file> file_;
  zip_t *zip_ = nullptr;
};

} // namespace

bool is_torch_zip(std::span<const std::byte> bytes) { return as_text(bytes).starts_with(zip_start); }
bool is_torch_stream(std::span<const std::byte> bytes) { return as_text(bytes).starts_with(stream_start); }

stored_weights open_torch_zip(const std::shared_ptr<const mapped_file> &file) {
  const auto archive = std::make_shared<const zip_archive>(file);
  const std::string pickle_name = archive->find_ending("/data.pkl");
  if (pickle_name.empty())
    archive->fail("a zip archive without data.pkl, expected what torch.save writes (of a .keras file, what "
                  "save_weights() writes)",
                  error_code::unsupported);
  const std::string folder = pickle_name.substr(0, pickle_name.size() - std::string_view("data.pkl").size());
  if (as_text(archive->read_all(folder + "byteorder")) == "big")
    archive->fail("numbers of a big-endian machine", error_code::unsupported);

  const std::vector<std::byte> content = archive->read_all(pickle_name);
  const pickle object(content, archive->name());
  const auto open_storage = [&](const pickle_value &storage) -> storage_reader {
    const std::string entry = folder + "data/" + storage.key;
    const auto [index, size] = archive->find(entry);
    if (index < 0) archive->fail("no entry " + in_quotes(entry) + ", which a tensor needs");
    if (size < static_cast<std::uint64_t>(bytes_of(storage, archive->name())))
      archive->fail("an entry " + in_quotes(entry) + " of " + std::to_string(size) + " bytes, expected " +
                    std::to_string(storage.count) + " elements of " +
                    std::string(element_name(storage.type)));
    return [archive, index = index](std::int64_t offset, std::span<std::byte> to) {
      archive->read(index, offset, to);
    };
  };
  return {.file = archive->name(),
          .format = "PyTorch",
          .layout = weight_layout::torch,
          .tensors = tensors_of_state_dict(object.value(), archive->name(), open_storage),
          .metadata = {}};
}

stored_weights open_torch_stream(const std::shared_ptr<const mapped_file> &file) {
  const std::string name = file->path().string();
  const auto fail = [&](const std::string &what, error_code code = error_code::corrupt_file) {
    throw error(code, name + ": found " + what);
  };
  std::span<const std::byte> rest = file->bytes();
  const auto next = [&] {
    pickle one(rest.first(std::min<std::size_t>(rest.size(), most_pickle_bytes)), name);
    rest = rest.subspan(one.size());
    return one;
  };
  next(); // the magic number
  const pickle version = next();
  if (!version.value().is(pickle_value::kind::integer) || version.value().integer != 1001)
    fail("another version of PyTorch's stream than 1001", error_code::unsupported);
  const pickle machine = next();
  if (const pickle_value *little = machine.value().find("little_endian");
      little != nullptr && little->integer == 0)
    fail("numbers of a big-endian machine", error_code::unsupported);
  const pickle object = next();
  const pickle keys = next();

  // where each storage's bytes lie; how long they are is known from the tensors that use them
  std::map<std::string, std::span<const std::byte>, std::less<>> storages;
  std::map<std::string, const pickle_value *, std::less<>> known;
  for (const pickle_value &value : object.values())
    if (value.is(pickle_value::kind::storage)) known.emplace(value.key, &value);
  for (const pickle_value *key : keys.value().items) {
    const std::string text =
        key->is(pickle_value::kind::text) ? std::string(key->text) : std::to_string(key->integer);
    const auto storage = known.find(text);
    if (storage == known.end()) fail("a storage that no tensor uses");
    std::int64_t count = 0;
    if (rest.size() < sizeof count) fail("a file that ends early");
    std::memcpy(&count, rest.data(), sizeof count);
    rest = rest.subspan(sizeof count);
    const std::int64_t bytes = bytes_of(*storage->second, name);
    if (count != storage->second->count)
      fail("a storage of " + std::to_string(count) + " elements, expected " +
           std::to_string(storage->second->count));
    if (static_cast<std::uint64_t>(bytes) > rest.size()) fail("a file that ends early");
    storages[text] = rest.first(static_cast<std::size_t>(bytes));
    rest = rest.subspan(static_cast<std::size_t>(bytes));
  }
  const auto open_storage = [&](const pickle_value &storage) -> storage_reader {
    const auto found = storages.find(storage.key);
    if (found == storages.end() || found->second.size() != static_cast<std::size_t>(bytes_of(storage, name)))
      fail("a tensor whose storage is missing");
    return [file, bytes = found->second](std::int64_t offset, std::span<std::byte> to) {
      std::memcpy(to.data(), bytes.data() + offset, to.size());
    };
  };
  return {.file = name,
          .format = "PyTorch",
          .layout = weight_layout::torch,
          .tensors = tensors_of_state_dict(object.value(), name, open_storage),
          .metadata = {}};
}

} // namespace vggen::detail
