using System.Buffers;
using Statecast.Contracts;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Tests.Serialization.Patches;

/// <summary>Writing a patch into a caller's buffer allocates nothing; exact, so that a creeping byte is seen.</summary>
public sealed class PatchAllocationTests
{
    [Fact]
    public void Patch_is_written_without_allocating()
    {
        var contract = StateContract.Of<EveryValue>();
        var before = Samples.Fixed;
        var after = before with
        {
            Text = "t",
            Line = before.Line with { Quantity = 9 },
            Array = before.Array.Add(before.Line),
            TextSet = before.TextSet.Add("c").Remove("aa"),
            Map = before.Map.SetItem("a", 5).Remove("b"),
            Payment = new CardPayment(13m, "1234"),
            MaybePoint = new(0, 1),
            MaybeCharged = new(new CashPayment(8m)),
        };
        foreach (var codec in PatchSamples.Codecs)
        {
            var buffer = new ArrayBufferWriter<byte>(64 * 1024);
            // Code that is not optimized yet boxes, and on a busy machine it stays so for long, however often it runs: the least of many runs is what counts.
            var least = long.MaxValue;
            for (var i = 0; i < 200_000 && least > 0; i++)
            {
                if (i % 1_000 == 999)
                    Thread.Sleep(20);
                var start = GC.GetAllocatedBytesForCurrentThread();
                Write();
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - start);
            }
            Assert.Equal(0, least);

            void Write()
            {
                buffer.ResetWrittenCount();
                Assert.True(codec.TryEncodePatch(contract, before, after, 10_000, buffer));
            }
        }
    }
}
