// The pickle machine: https://github.com/python/cpython/blob/3.11/Lib/pickletools.py describes its opcodes,
// of which those are here that torch.save and pickle protocols 2 to 5 write.
#include "vggen/formats/pickle.hpp"

#include "vggen/io/error.hpp"
#include "vggen/io/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <unordered_map>

namespace vggen::detail {

namespace {

using kind = pickle_value::kind;

constexpr std::size_t most_values =
    200'000; // and instructions;  VGG19's state dict with batch norm has some thousands

struct storage_type {
  std::string_view name;
  element_type type;
};
constexpr std::array storage_types{storage_type{"torch.FloatStorage", element_type::f32},
                                   storage_type{"torch.HalfStorage", element_type::f16},
                                   storage_type{"torch.BFloat16Storage", element_type::bf16},
                                   storage_type{"torch.DoubleStorage", element_type::f64},
                                   storage_type{"torch.LongStorage", element_type::i64},
                                   storage_type{"torch.IntStorage", element_type::i32},
                                   storage_type{"torch.ShortStorage", element_type::i16},
                                   storage_type{"torch.CharStorage", element_type::i8},
                                   storage_type{"torch.ByteStorage", element_type::u8},
                                   storage_type{"torch.BoolStorage", element_type::boolean}};

// What a pickle may call, beside the types of storages; all else is refused.
constexpr std::string_view make_tensor = "torch._utils._rebuild_tensor_v2";
constexpr std::string_view make_old_tensor = "torch._utils._rebuild_tensor"; // the same with fewer arguments
constexpr std::string_view make_parameter = "torch._utils._rebuild_parameter";
constexpr std::string_view make_dict = "collections.OrderedDict";

} // namespace

const pickle_value *pickle_value::find(std::string_view name) const {
  for (const auto &[key, value] : entries)
    if (key->is(kind::text) && key->text == name) return value;
  return nullptr;
}

// Runs one pickle.
class pickle_machine {
public:
  pickle_machine(pickle &result, std::span<const std::byte> bytes, const std::string &file_name)
      : result_(result), bytes_(bytes), file_name_(file_name) {}

  void run() {
    while (!step())
      if (++steps_ > most_values)
        fail("a pickle of more than " + std::to_string(most_values) + " instructions", error_code::too_large);
    result_.size_ = at_;
  }

private:
  [[noreturn]] void fail(const std::string &what, error_code code = error_code::corrupt_file) const {
    throw error(code, file_name_ + ": found " + what);
  }

  std::span<const std::byte> take(std::uint64_t count) {
    if (count > bytes_.size() - at_) fail("a pickle that ends early");
    const auto taken = bytes_.subspan(at_, static_cast<std::size_t>(count));
    at_ += taken.size();
    return taken;
  }

  template <class Number> Number number() {
    Number value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view text(std::uint64_t count) {
    const auto taken = take(count);
    return {reinterpret_cast<const char *>(taken.data()), taken.size()};
  }

  std::string_view line() {
    const auto rest = text_of_rest();
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) fail("a pickle that ends early");
    at_ += end + 1;
    return rest.substr(0, end);
  }

  [[nodiscard]] std::string_view text_of_rest() const {
    return {reinterpret_cast<const char *>(bytes_.data()) + at_, bytes_.size() - at_};
  }

  pickle_value &push(kind what) {
    stack_.push_back(&result_.values_.emplace_back(pickle_value{.what = what}));
    return *stack_.back();
  }

  pickle_value &pop() {
    if (stack_.empty() || (!marks_.empty() && stack_.size() <= marks_.back()))
      fail("a pickle that takes more than it has");
    pickle_value *value = stack_.back();
    stack_.pop_back();
    return *value;
  }

  pickle_value &top() {
    pickle_value &value = pop();
    stack_.push_back(&value);
    return value;
  }

  // What lies above the last mark.
  std::vector<pickle_value *> pop_to_mark() {
    if (marks_.empty()) fail("a pickle that takes more than it has");
    std::vector<pickle_value *> taken(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()),
                                      stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return taken;
  }

  void push_text(std::string_view value) { push(kind::text).text = value; }
  void push_integer(std::int64_t value) { push(kind::integer).integer = value; }
  void push_boolean(bool value) { push(kind::boolean).integer = value ? 1 : 0; }

  // A little-endian two's complement number of up to 8 bytes; PyTorch's magic number, of 10, is not looked
  // at.
  void push_long(std::span<const std::byte> digits) {
    std::uint64_t value =
        !digits.empty() && (std::to_integer<int>(digits.back()) & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = std::min<std::size_t>(digits.size(), 8); i-- > 0;)
      value = value << 8 | std::to_integer<std::uint64_t>(digits[i]);
    push_integer(static_cast<std::int64_t>(value));
  }

  void push_list(std::span<pickle_value *const> items) {
    pickle_value &list = push(kind::list);
    list.items.assign(items.begin(), items.end());
  }

  void push_tuple(std::size_t count) {
    std::array<pickle_value *, 3> items{};
    for (std::size_t i = count; i-- > 0;)
      items[i] = &pop();
    push_list(std::span(items).first(count));
  }

  void set_items(pickle_value &dict, std::span<pickle_value *const> items) const {
    if (!dict.is(kind::dict) || items.size() % 2 != 0) fail("a pickle that sets items of what is no dict");
    for (std::size_t i = 0; i < items.size(); i += 2)
      dict.entries.emplace_back(items[i], items[i + 1]);
  }

  void push_function(std::string_view module, std::string_view name) {
    const std::string whole = std::string(module) + "." + std::string(name);
    const auto *known = std::ranges::find(known_functions, whole);
    if (known == known_functions.end())
      fail("a pickle that wants to call " + in_quotes(whole) +
               ", expected one of a state dict: tensors and nothing else (save model.state_dict(), not the "
               "model)",
           error_code::unsupported);
    push(kind::function).text = *known;
  }

  void memoize(std::uint64_t index) { memo_[index] = &top(); }

  void recall(std::uint64_t index) {
    const auto found = memo_.find(index);
    if (found == memo_.end()) fail("a pickle that recalls what it did not keep");
    stack_.push_back(found->second);
  }

  [[nodiscard]] std::int64_t integer_of(const pickle_value &value) const {
    if (!value.is(kind::integer)) fail("a pickle of a tensor whose extents are no numbers");
    return value.integer;
  }

  std::vector<std::int64_t> integers_of(const pickle_value &list) const {
    if (!list.is(kind::list) || list.items.size() > 16) fail("a pickle of a tensor without a shape");
    std::vector<std::int64_t> values;
    values.reserve(list.items.size());
    for (const pickle_value *item : list.items)
      values.push_back(integer_of(*item));
    return values;
  }

  // ('storage', type, key, location, number of elements[, view of another])
  void push_storage(const pickle_value &id) {
    const auto &items = id.items;
    if (!id.is(kind::list) || items.size() < 5 || !items[0]->is(kind::text) || items[0]->text != "storage" ||
        !items[1]->is(kind::function) || !items[4]->is(kind::integer))
      fail("a pickle that refers to something other than a tensor's storage");
    if (items.size() > 5 && !items[5]->is(kind::none))
      fail("a storage that is a part of another one, as very old files have them", error_code::unsupported);
    const auto type = std::ranges::find(storage_types, items[1]->text, &storage_type::name);
    if (type == storage_types.end())
      fail("a storage of " + in_quotes(items[1]->text), error_code::unsupported);
    pickle_value &storage = push(kind::storage);
    storage.type = type->type;
    storage.count = items[4]->integer;
    if (items[2]->is(kind::text)) {
      if (items[2]->text.size() > pickle::most_name)
        fail("a storage whose key has " + std::to_string(items[2]->text.size()) + " bytes",
             error_code::too_large);
      storage.key = items[2]->text;
    } else {
      storage.key = std::to_string(integer_of(*items[2]));
    }
    if (storage.count < 0) fail("a storage of " + std::to_string(storage.count) + " elements");
  }

  // (storage, offset, shape, strides, …)
  void push_tensor(const pickle_value &arguments) {
    const auto &items = arguments.items;
    if (items.size() < 4 || !items[0]->is(kind::storage)) fail("a pickle of a tensor without a storage");
    pickle_value tensor{.what = kind::tensor};
    tensor.storage = items[0];
    tensor.offset = integer_of(*items[1]);
    tensor.shape = integers_of(*items[2]);
    tensor.strides = integers_of(*items[3]);
    check_tensor(tensor);
    push(kind::tensor) = std::move(tensor);
  }

  // All elements lie in the storage.
  void check_tensor(const pickle_value &tensor) const {
    const auto bad = [&] {
      fail("a tensor that reaches out of its storage of " + std::to_string(tensor.storage->count) +
           " elements");
    };
    if (tensor.strides.size() != tensor.shape.size() || tensor.offset < 0) bad();
    const std::int64_t most = tensor.storage->count;
    std::int64_t last = tensor.offset, elements = 1;
    for (std::size_t d = 0; d < tensor.shape.size(); ++d) {
      if (tensor.shape[d] < 0 || tensor.strides[d] < 0) bad();
      if (tensor.shape[d] == 0) return;
      std::int64_t reach = 0;
      if (__builtin_mul_overflow(tensor.shape[d] - 1, tensor.strides[d], &reach) ||
          __builtin_add_overflow(last, reach, &last) ||
          __builtin_mul_overflow(elements, tensor.shape[d], &elements))
        bad();
    }
    // an expanded tensor (stride 0) would be larger than what the file holds
    if (last >= most || elements > most) bad();
  }

  void call(const pickle_value &function, pickle_value &arguments) {
    if (!function.is(kind::function) || !arguments.is(kind::list))
      fail("a pickle that calls what is no function");
    if (function.text == make_tensor || function.text == make_old_tensor)
      push_tensor(arguments);
    else if (function.text == make_parameter && !arguments.items.empty() &&
             arguments.items[0]->is(kind::tensor))
      stack_.push_back(const_cast<pickle_value *>(arguments.items[0]));
    else if (function.text == make_dict && arguments.items.empty())
      push(kind::dict);
    else
      fail("a pickle that calls " + in_quotes(function.text) + " in an unusual way", error_code::unsupported);
  }

  // Returns whether it was the last one.
  bool step();

  static constexpr std::array known_functions = [] {
    std::array<std::string_view, storage_types.size() + 4> names{make_tensor, make_old_tensor, make_parameter,
                                                                 make_dict};
    for (std::size_t i = 0; i < storage_types.size(); ++i)
      names[i + 4] = storage_types[i].name;
    return names;
  }();

  pickle &result_;
  std::span<const std::byte> bytes_;
  const std::string &file_name_;
  std::size_t at_ = 0, steps_ = 0;
  std::vector<pickle_value *> stack_;
  std::vector<std::size_t> marks_; // heights of the stack
  std::unordered_map<std::uint64_t, pickle_value *> memo_;
};

bool pickle_machine::step() {
  const char opcode = static_cast<char>(number<std::uint8_t>());
  switch (opcode) {
  case '\x80': // PROTO
    if (const int version = number<std::uint8_t>(); version > 5)
      fail("a pickle of protocol " + std::to_string(version) + ", expected at most 5",
           error_code::unsupported);
    break;
  case '\x95': // FRAME
    take(8);
    break;
  case '.': { // STOP
    result_.result_ = &pop();
    return true;
  }
  case '(':
    marks_.push_back(stack_.size());
    break;
  case '0':
    pop();
    break;
  case '1':
    pop_to_mark();
    break;
  case '2':
    stack_.push_back(&top());
    break;
  case 'N':
    push(kind::none);
    break;
  case '\x88':
    push_boolean(true);
    break;
  case '\x89':
    push_boolean(false);
    break;
  case 'K':
    push_integer(number<std::uint8_t>());
    break;
  case 'M':
    push_integer(number<std::uint16_t>());
    break;
  case 'J':
    push_integer(number<std::int32_t>());
    break;
  case '\x8a':
    push_long(take(number<std::uint8_t>()));
    break;
  case '\x8b':
    push_long(take(number<std::uint32_t>()));
    break;
  case 'G': { // big-endian
    auto bits = number<std::uint64_t>();
    push(kind::real).real = std::bit_cast<double>(__builtin_bswap64(bits));
    break;
  }
  case 'X':
    push_text(text(number<std::uint32_t>()));
    break; // BINUNICODE
  case '\x8c':
    push_text(text(number<std::uint8_t>()));
    break; // SHORT_BINUNICODE
  case '\x8d':
    push_text(text(number<std::uint64_t>()));
    break;
  case 'T':
    push_text(text(number<std::uint32_t>()));
    break; // BINSTRING, BINBYTES and their short forms
  case 'U':
    push_text(text(number<std::uint8_t>()));
    break;
  case 'B':
    push_text(text(number<std::uint32_t>()));
    break;
  case 'C':
    push_text(text(number<std::uint8_t>()));
    break;
  case ']':
  case ')':
  case '\x8f': // EMPTY_SET
    push(kind::list);
    break;
  case '}':
    push(kind::dict);
    break;
  case 'l':
  case 't':
    push_list(pop_to_mark());
    break;
  case '\x85':
    push_tuple(1);
    break;
  case '\x86':
    push_tuple(2);
    break;
  case '\x87':
    push_tuple(3);
    break;
  case 'd': {
    const auto items = pop_to_mark();
    set_items(push(kind::dict), items);
    break;
  }
  case 'a': { // APPEND
    pickle_value &item = pop();
    if (!top().is(kind::list)) fail("a pickle that appends to what is no list");
    top().items.push_back(&item);
    break;
  }
  case 'e':    // APPENDS
  case '\x90': // ADDITEMS
  {
    const auto items = pop_to_mark();
    if (!top().is(kind::list)) fail("a pickle that appends to what is no list");
    top().items.insert(top().items.end(), items.begin(), items.end());
    break;
  }
  case 's': { // SETITEM
    pickle_value &value = pop(), &key = pop();
    set_items(top(), std::array{&key, &value});
    break;
  }
  case 'u': { // SETITEMS
    const auto items = pop_to_mark();
    set_items(top(), items);
    break;
  }
  case 'c': { // GLOBAL
    const std::string_view module = line(), name = line();
    push_function(module, name);
    break;
  }
  case '\x93': { // STACK_GLOBAL
    const pickle_value &name = pop(), &module = pop();
    if (!name.is(kind::text) || !module.is(kind::text)) fail("a pickle that calls what is no function");
    push_function(module.text, name.text);
    break;
  }
  case 'R': { // REDUCE
    pickle_value &arguments = pop();
    const pickle_value &function = pop();
    call(function, arguments);
    break;
  }
  case 'b': // BUILD: attributes, such as a state dict's _metadata, are not needed
    pop();
    top();
    break;
  case 'Q':
    push_storage(pop());
    break;
  case 'q':
    memoize(number<std::uint8_t>());
    break;
  case 'r':
    memoize(number<std::uint32_t>());
    break;
  case '\x94':
    memoize(memo_.size());
    break;
  case 'h':
    recall(number<std::uint8_t>());
    break;
  case 'j':
    recall(number<std::uint32_t>());
    break;
  case 'i': {
    const std::string_view module = line(), name = line();
    push_function(module, name); // INST, which no pickle of weights has
    fail("a pickle that makes an object of a class", error_code::unsupported);
  }
  default:
    fail("the byte " + std::to_string(static_cast<unsigned char>(opcode)) +
         " where a pickle would have an instruction");
  }
  return false;
}

pickle::pickle(std::span<const std::byte> bytes, const std::string &file_name) {
  pickle_machine(*this, bytes, file_name).run();
}

} // namespace vggen::detail
