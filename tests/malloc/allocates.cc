// allocates: a C++ program for the test of programs: containers, over-aligned new, exceptions and
// threads that free each other's objects; it prints one line.
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

struct alignas(256) wide {
    unsigned char bytes[256];
};

static unsigned long fill(unsigned long from, std::vector<std::unique_ptr<std::string>> *out) {
    std::map<unsigned long, std::string> map;
    for (unsigned long i = from; i < from + 20000; i++) {
        map[i * 2654435761u % 100003] += std::to_string(i);
    }
    unsigned long sum = 0;
    for (const auto &[key, text] : map) {
        sum += key * text.size();
        out->push_back(std::make_unique<std::string>(text));
    }
    return sum;
}

int main() {
    std::vector<std::unique_ptr<std::string>> texts[4];
    unsigned long sums[4];
    std::vector<std::thread> threads;
    for (unsigned long i = 0; i < 4; i++) {
        threads.emplace_back([&, i] { sums[i] = fill(i * 1000, &texts[i]); });
    }
    for (auto &thread : threads) {
        thread.join();
    }
    unsigned long refused = 0;
    try {
        std::vector<char> huge;
        huge.reserve(SIZE_MAX / 4);
    } catch (const std::bad_alloc &) {
        refused = 1;
    }
    auto aligned = std::make_unique<wide>();
    unsigned long off = reinterpret_cast<std::uintptr_t>(aligned.get()) % 256;
    std::printf("%lu %lu %lu %lu %lu %lu\n", sums[0], sums[1], sums[2], sums[3], refused, off);
}
