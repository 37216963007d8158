using Statecast.Consuming.Queues;
using Xunit;

namespace Statecast.Tests.Consuming.Queues;

/// <summary>Which numbers were processed.</summary>
public sealed class NumberLedgerTests
{
    private static readonly Guid A = new("00000000-0000-0000-0000-00000000000a");
    private static readonly Guid B = new("00000000-0000-0000-0000-00000000000b");

    [Fact]
    public void Numbers_in_any_order_join_to_ranges()
    {
        var random = new Random(5);
        var expected = new SortedSet<long>();
        var numbers = new NumberSet();
        for (var i = 0; i < 2_000; i++)
        {
            var number = random.Next(1, 400);
            Assert.Equal(expected.Add(number), numbers.Add(number));
            var from = random.Next(1, 400);
            var through = from - 1L;
            while (expected.Contains(through + 1))
                through++;
            Assert.Equal(through, numbers.Through(from));
        }
    }

    [Fact]
    public void What_is_forgotten_is_missing_never_there()
    {
        var numbers = new NumberSet();
        for (var n = 1L; n <= 2 * (NumberSet.MaxRanges + 1); n += 2)
            numbers.Add(n);
        Assert.Equal(NumberSet.MaxRanges, numbers.Ranges.Count);
        Assert.Equal(0, numbers.Through(1));
        Assert.Equal(3, numbers.Through(3));
    }

    [Fact]
    public void Numbers_count_for_the_lease_that_they_were_handed_out_under()
    {
        var ledger = new NumberLedger();
        ledger.Of(A).Add(1);
        ledger.Of(A).Add(2);
        ledger.Of(B).Add(3);
        Assert.True(ledger.Holds(A, 1, 2));
        Assert.False(ledger.Holds(A, 1, 3));
        Assert.False(ledger.Holds(B, 2, 3));
        Assert.True(ledger.Holds(1, 3));
        Assert.False(ledger.Holds(1, 4));
        Assert.True(ledger.IsOfAnother(B, 2));
        Assert.False(ledger.IsOfAnother(A, 2));
    }

    [Fact]
    public void Leases_are_bounded()
    {
        var ledger = new NumberLedger();
        for (var i = 0; i <= NumberLedger.MaxLeases; i++)
        {
            ledger.Of(new Guid(i + 1, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])).Add(1);
            ledger.Of(A).Add(i + 1);
        }
        Assert.Equal(NumberLedger.MaxLeases, ledger.Leases.Count);
        Assert.True(ledger.Holds(A, 1, NumberLedger.MaxLeases + 1));
    }
}
