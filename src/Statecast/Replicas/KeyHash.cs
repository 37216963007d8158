using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Statecast.Replicas;

/// <summary>
/// The hash of a key, over sixteen bytes a step: a key is hashed for every event, and the runtime's own hash of texts takes three times as long. Differs from process
/// to process, so that nobody who chooses keys can choose collisions.
/// </summary>
internal static class KeyHash
{
    // The runtime's hash is seeded at random.
    private static readonly ulong First = Seed("statecast key first");
    private static readonly ulong Second = Seed("statecast key second");

    public static int Of(ReadOnlySpan<char> key)
    {
        ref var at = ref Unsafe.As<char, byte>(ref MemoryMarshal.GetReference(key));
        var left = 2 * key.Length;
        var hash = Second ^ (uint)left;
        for (; left > 16; left -= 16)
        {
            hash = Fold(Read8(ref at, 0) ^ First, Read8(ref at, 8) ^ hash);
            at = ref Unsafe.Add(ref at, 16);
        }
        // What is left, at most sixteen bytes: its beginning and its end, which may overlap.
        var (low, high) =
            left >= 8 ? (Read8(ref at, 0), Read8(ref at, left - 8))
            : left >= 4 ? (Read4(ref at, 0), Read4(ref at, left - 4))
            : left > 0 ? (Unsafe.ReadUnaligned<ushort>(ref at), 0ul)
            : (0ul, 0ul);
        hash = Fold(low ^ First, high ^ hash);
        hash = Fold(hash ^ First, Second);
        return (int)(hash ^ (hash >> 32));
    }

    private static ulong Read8(ref byte at, int offset) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, offset));

    private static ulong Read4(ref byte at, int offset) => Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, offset));

    private static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }

    // Odd, and of many bits whatever the two halves are.
    private static ulong Seed(string of) =>
        ((((ulong)(uint)string.GetHashCode(of) << 32) | (uint)string.GetHashCode($"{of} again")) ^ 0x9E37_79B9_7F4A_7C15ul) | 1;
}
