#include "tools/trainer/open_data.hpp"

#include <vggen/data/cifar.hpp>
#include <vggen/data/folder.hpp>
#include <vggen/data/idx.hpp>
#include <vggen/data/listed.hpp>
#include <vggen/io/error.hpp>

namespace vggen {

namespace fs = std::filesystem;

namespace {

bool there(const fs::path &folder, std::initializer_list<const char *> names) {
  for (const char *name : names)
    if (fs::exists(folder / name)) return true;
  return false;
}

std::string kind_of(const fs::path &folder) {
  if (fs::is_regular_file(folder) && folder.extension() == ".csv") return "list";
  if (!fs::is_directory(folder))
    throw error(error_code::cannot_open,
                folder.string() + ": found no folder of that name, and no list (.csv), expected a data set");
  if (there(folder, {"train-images-idx3-ubyte.gz", "train-images-idx3-ubyte", "t10k-images-idx3-ubyte.gz",
                     "t10k-images-idx3-ubyte"}))
    return "idx";
  if (there(folder, {"data_batch_1.bin", "test_batch.bin"})) return "cifar10";
  if (there(folder, {"train.bin", "test.bin"})) return "cifar100";
  if (there(folder, {"boxes.csv", "train/boxes.csv"})) return "boxes";
  return "folder";
}

// Where the parts of a folder of pictures are; the second is empty if there is none.
fs::path training_folder(const fs::path &folder) {
  return fs::is_directory(folder / "train") ? folder / "train" : folder;
}
fs::path test_folder(const fs::path &folder) {
  if (fs::is_directory(folder / "train"))
    for (const char *part : {"test", "val"})
      if (fs::is_directory(folder / part)) return folder / part;
  return {};
}

// Fashion-MNIST's files carry no names; its folder does, wherever Debian or a download put it.
std::vector<std::string> class_names_of(const fs::path &folder) {
  return folder.string().find("fashion") != std::string::npos ? fashion_mnist_classes()
                                                              : std::vector<std::string>{};
}

} // namespace

named_data open_data(const fs::path &folder, const std::string &kind) {
  named_data data{.kind = kind == "auto" ? kind_of(folder) : kind, .training = nullptr, .test = nullptr};
  if (data.kind == "idx") {
    const auto names = class_names_of(folder);
    data.training = open_idx(folder, dataset_part::training, names);
    data.test = open_idx(folder, dataset_part::test, names);
  } else if (data.kind == "cifar10") {
    data.training = open_cifar10(folder, dataset_part::training);
    data.test = open_cifar10(folder, dataset_part::test);
  } else if (data.kind == "cifar100") {
    data.training = open_cifar100(folder, dataset_part::training);
    data.test = open_cifar100(folder, dataset_part::test);
  } else if (data.kind == "boxes") {
    data.training = open_boxes(training_folder(folder));
    if (const fs::path test = test_folder(folder); !test.empty())
      data.test = open_boxes(test, data.training->class_names());
  } else if (data.kind == "list") {
    data.training = open_list(folder);
  } else if (data.kind == "folder") {
    data.training = open_folder(training_folder(folder));
    if (const fs::path test = test_folder(folder); !test.empty()) data.test = open_folder(test);
  } else {
    throw error(error_code::invalid_argument,
                "--format: found '" + kind +
                    "', expected auto, idx, cifar10, cifar100, boxes, list or folder");
  }
  return data;
}

} // namespace vggen
