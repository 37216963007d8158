using System.Numerics;
using System.Runtime.InteropServices;

namespace Statecast.Replicas.InMemory;

/// <summary>
/// Tells the one writer when nobody can still read what it took out of the index. Readers never wait: each counts itself in under the current phase and out again.
/// The writer turns the phase only after the other phase's readers are gone, and then waits for those of the phase it left: a reader that looked at the phase
/// and was stopped before it counted itself in belongs to the other one, so both must have been seen empty.
/// </summary>
internal class ReadPhases
{
    private static readonly int Stripes = (int)Math.Min(64, BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount));

    // Two counts a stripe, one for each phase, each on a cache line of its own.
    private readonly Count[] _counts = new Count[2 * Stripes];
    private int _phase;

    // The writer's.
    private int _seenEmpty;
    private bool _turned;

    /// <summary>Begins a read; nothing that is in the index from here on is reused before <see cref="Exit"/>.</summary>
    /// <returns>What <see cref="Exit"/> takes.</returns>
    public int Enter()
    {
        var at = (2 * (Thread.GetCurrentProcessorId() & (Stripes - 1))) | Volatile.Read(ref _phase);
        // A full fence: the index is read after the count is visible.
        Interlocked.Increment(ref _counts[at].Readers);
        return at;
    }

    /// <summary>Ends a read.</summary>
    public void Exit(int at) => Interlocked.Decrement(ref _counts[at].Readers);

    /// <summary>Called by the writer, again and again after it took something out of the index: true once every reader of that time is gone. Then it begins anew.</summary>
    public virtual bool HavePassed()
    {
        // The index was changed before the counts are read.
        Interlocked.MemoryBarrier();
        if (!_turned)
        {
            if (!IsEmpty(_phase ^ 1))
                return false;
            Volatile.Write(ref _phase, _phase ^ 1);
            _turned = true;
            _seenEmpty = 0;
            Interlocked.MemoryBarrier();
        }
        if (!IsEmpty(_phase ^ 1))
            return false;
        _turned = false;
        _seenEmpty = 0;
        return true;
    }

    // Each count need only be seen at zero once: whoever is counted later began later.
    private bool IsEmpty(int phase)
    {
        for (; _seenEmpty < Stripes; _seenEmpty++)
            if (Volatile.Read(ref _counts[(2 * _seenEmpty) | phase].Readers) != 0)
                return false;
        return true;
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Count
    {
        [FieldOffset(64)]
        public int Readers;
    }
}
