using CsCheck;
using Statecast.Contracts;
using Statecast.Serialization;
using Xunit;

namespace Statecast.Tests.Serialization.Patches;

/// <summary>Over any two states of every shape there is, in both encodings.</summary>
public sealed class PatchPropertyTests
{
    private static readonly StateContract<EveryValue> Contract = StateContract.Of<EveryValue>();

    [Fact]
    public void Applied_patch_gives_the_other_state_to_the_byte()
    {
        var smaller = 0;
        PatchSamples.Pairs.Sample(
            pair =>
            {
                foreach (var codec in PatchSamples.Codecs)
                {
                    var patch = PatchSamples.Patch(codec, pair.Before, pair.After)!;
                    var applied = PatchSamples.Apply(codec, pair.Before, patch);
                    Assert.Equal(ContentFingerprint.Of(Contract, pair.After), ContentFingerprint.Of(Contract, applied));
                    var body = PatchSamples.Body(codec, pair.After);
                    Assert.Equal(body, PatchSamples.Body(codec, applied));
                    // Said to be smaller exactly if it is.
                    var offered = PatchSamples.Patch(codec, pair.Before, pair.After, body.Length);
                    Assert.Equal(patch.Length < body.Length, offered is not null);
                    if (offered is not null)
                        Interlocked.Increment(ref smaller);
                }
            },
            iter: 500,
            threads: 1
        );
        Assert.True(smaller > 100, $"Only {smaller} patches were smaller than their state.");
    }

    [Fact]
    public void Patch_of_equal_states_is_empty() =>
        Samples.Any.Sample(
            state =>
            {
                var read = PatchSamples.AsRead(state);
                Assert.Equal("{}"u8.ToArray(), PatchSamples.Patch(PatchSamples.Codecs[0], read, state));
                Assert.All(PatchSamples.Patch(PatchSamples.Codecs[1], read, state)!, b => Assert.Equal(0, b));
            },
            iter: 100,
            threads: 1
        );

    [Fact]
    public void Mutated_patch_gives_a_state_or_the_one_exception()
    {
        var (states, refused) = (0, 0);
        Gen.Select(PatchSamples.Pairs, Gen.Int.Array[20])
            .Sample(
                given =>
                {
                    var (pair, seeds) = given;
                    foreach (var codec in PatchSamples.Codecs)
                    foreach (var seed in seeds)
                        try
                        {
                            var patch = Mutated(PatchSamples.Patch(codec, pair.Before, pair.After)!, new Random(seed));
                            Assert.NotNull(PatchSamples.Apply(codec, pair.Before, patch));
                            states++;
                        }
                        catch (StateFormatException defect)
                        {
                            Assert.NotEmpty(defect.Path);
                            refused++;
                        }
                },
                iter: 150,
                threads: 1
            );
        Assert.True(states > 100 && refused > 1000, $"{states} states, {refused} refused");
    }

    private static byte[] Mutated(byte[] patch, Random random)
    {
        var bytes = patch.ToList();
        for (var edits = random.Next(1, 4); edits > 0 && bytes.Count > 0; edits--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes.RemoveRange(at, random.Next(1, Math.Min(8, bytes.Count - at) + 1));
                    break;
                case 2:
                    bytes.InsertRange(at, bytes.GetRange(at, random.Next(1, Math.Min(16, bytes.Count - at) + 1)));
                    break;
                default:
                    bytes[at] = (byte)random.Next(256);
                    break;
            }
        }
        return [.. bytes];
    }
}
