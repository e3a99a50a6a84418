// Test "is a multiple of d" and divide by d in one multiplication, instead of a 64-bit division of 10 to 20 cycles.
#pragma once

#include <cstdint>

namespace alef {

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

// Source: Granlund and Montgomery, "Division by invariant integers using multiplication" (1994), section 9. For
// d = odd * 2^shift, the product with the inverse of `odd` modulo 2^64, rotated right by `shift`, is n / d exactly
// where d divides n, and above (2^64 - 1) / d everywhere else.
class Divisor {
  public:
    Divisor() = default;
    explicit Divisor(int64_t d) : value_(d) {
        auto n = static_cast<uint64_t>(d);
        shift_ = static_cast<uint32_t>(__builtin_ctzll(n));
        most_ = UINT64_MAX / n;
        n >>= shift_;
        inverse_ = n;  // right in the lowest 3 bits; each step doubles them
        for (int step = 0; step < 5; ++step) inverse_ *= 2 - n * inverse_;
    }

    int64_t value() const { return value_; }
    uint64_t quotient(int64_t n) const {
        uint64_t product = static_cast<uint64_t>(n) * inverse_;
        return product >> shift_ | product << (-shift_ & 63);
    }
    bool divides(int64_t n) const { return quotient(n) <= most_; }
    bool exact(uint64_t quotient) const { return quotient <= most_; }

  private:
    uint64_t inverse_ = 1, most_ = UINT64_MAX;
    int64_t value_ = 1;
    uint32_t shift_ = 0;
};

}  // namespace alef
