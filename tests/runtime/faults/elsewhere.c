/* elsewhere.c: faults of the same census that no model brings about here, and what stands in their place. */
#include "runtime/faults/faults.h"

/* clang-format off */
const fault_elsewhere faults_elsewhere[] = {
    {"CVE-2020-15205, TFSA-2020-011", "StringNGrams gave out bytes of other memory", "there is no such operator; outputs of strings are written whole before they are sized"},
    {"CVE-2020-15202, TFSA-2020-014", "parts of work counted in int", "parallel loops count in size_t, and have no other form"},
    {"CVE-2022-23563, TFSA-2022-027", "names of temporary files that could be foreseen", "runtime and operators write no files"},
    {"CVE-2022-36027, TFSA-2022-093", "a converter's pass over filters with a scale for each channel", "a fault of converting"},
    {"TFSA-2018-004", "offsets of a checkpoint that were believed", "checkpoints are not read"},
    {"LiteRT ff7daad10", "PARSE_EXAMPLE with more examples than its batch", "there is no such operator: nothing parses messages"},
    {"XNNPACK#11118", "a filter of 3 x 3 with parameters of 5 x 5", "a filter's size is that of its tensor and stands nowhere else"},
    {"XNNPACK#11165", "a cache of weights that was used though filling it had failed", "there is no cache of weights on disk; every status is looked at, and each allocation fails once in tests/runtime/alloc.c"},
    {"XNNPACK, August 2026", "results of allocations that had failed", "each allocation of each operator fails once in tests/runtime/alloc.c"},
    {"XNNPACK 006d7a09d8", "a pointer into an array that had grown", "graphs hold indices"},
    {"LiteRT f86b05b1a", "memory planned anew after a size of 0", "no fault of a model: inputs are resized, also to nothing, in tests/runtime/session.c"},
    {"tensorflow#120295, LiteRT 07e476157", "passes of a converter that copied constants of unequal sizes", "a fault of converting; the shapes are refused, see PACK"},
    {"ncnn#6911", "keys, blobs and groups in files of parameters", "another format; groups follow from shapes"},
    {"ncnn#7019", "a flag that one instruction set alone forgot", "recorded cases run on every level of kernels"},
    {"LiteRT bf443ecea, CVE-2025-54950, CVE-2026-27940, CVE-2026-7482", "contents whose place and size wrap, or lie past the end", "tests/schema/structure.c, rules F17 to F19: refused when opened"},
    {"FlatBuffers#9268", "buffers in buffers, read by recursion", "reading a file does not recurse"},
    {.id = NULL},
};
