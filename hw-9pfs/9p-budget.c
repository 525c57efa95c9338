/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The budget of a session: see 9p-budget.h.
 */
#include "fsdev/core/p9-osdep.h"
#include "9p-budget.h"

static const size_t limits[P9_BUDGET_ITEMS] = {
    /* One for each process and file; each has a descriptor as well. */
    [P9_BUDGET_LOCK_OWNERS] = 4096,
    /* Linux sends the name of the host, of up to 64 bytes, as client id. */
    [P9_BUDGET_LOCK_BYTES] = 1024 * 1024,
    [P9_BUDGET_PAYLOAD] = 32 * 1024 * 1024,
    /* For as many requests as a large virtqueue has. */
    [P9_BUDGET_PIECES] = 1024 * P9_BUDGET_PIECE,
};

bool p9_budget_charge(P9Budget *budget, P9BudgetItem item, size_t amount)
{
    if (amount > limits[item] - budget->used[item]) {
        return false;
    }
    budget->used[item] += amount;
    return true;
}

void p9_budget_refund(P9Budget *budget, P9BudgetItem item, size_t amount)
{
    assert(budget->used[item] >= amount);
    budget->used[item] -= amount;
}
