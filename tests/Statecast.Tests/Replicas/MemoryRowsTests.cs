using System.Buffers.Binary;
using System.Diagnostics;
using Statecast.Events;
using Statecast.Replicas;
using Statecast.Replicas.InMemory;
using Xunit;

namespace Statecast.Tests.Replicas;

/// <summary>Rows as bytes: whole for every reader, found again, and in memory that follows what is live.</summary>
public sealed class MemoryRowsTests
{
    private const int Keys = 64;

    // The index grows several times on the way there.
    private const int EnoughKeys = 10_000;

    // A race that has not had enough by then never will.
    private static readonly TimeSpan MuchTooLong = TimeSpan.FromSeconds(60);

    [Fact]
    public void State_is_never_torn_while_it_is_overwritten() => Assert.Equal(0, TornReads(new(), TimeSpan.FromSeconds(1.5)));

    // The same race with a writer that does not wait for readers: the test above can fail.
    [Fact]
    public void Torn_state_is_found_if_the_writer_does_not_wait_for_readers() =>
        Assert.NotEqual(0, TornReads(new(new Blind()), TimeSpan.FromSeconds(20)));

    [Fact]
    public void State_is_never_torn_while_keys_come_and_rows_move() => Assert.Equal(0, TornMoves(new(), TimeSpan.FromSeconds(3)));

    [Fact]
    public void Torn_state_is_found_among_rows_that_move_as_well() =>
        Assert.NotEqual(0, TornMoves(new(new Blind()), TimeSpan.FromSeconds(20)));

    [Fact]
    public void Memory_follows_what_is_live_when_sizes_change()
    {
        var rows = new MemoryRows();
        var random = new Random(3);
        foreach (var size in (int[])[200, 900, 100, 3000, 60])
        {
            var live = 0L;
            for (var i = 0; i < 20_000; i++)
            {
                var length = size + random.Next(size / 4);
                rows.Put(Row($"key-{i % 5_000}", i, new byte[length]));
                live += i >= 15_000 ? length + 120 : 0;
                if (i % 100 == 0)
                    rows.Tidy();
            }
            for (var i = 0; i < 200; i++)
                rows.Tidy();
            Assert.InRange(rows.Bytes, live, (live * 3 / 2) + (16 * SlabHeap.SlabBytes));
        }
        Assert.True(rows.PeakBytes >= rows.Bytes);
    }

    [Fact]
    public void Half_empty_slabs_are_moved_together()
    {
        var rows = new MemoryRows();
        for (var i = 0; i < 40_000; i++)
            rows.Put(Row($"key-{i}", 1, Body(i, 1000)));
        var full = rows.Bytes;
        // Three of four become small: every slab of the larger ones is left a quarter full.
        for (var i = 0; i < 40_000; i++)
            if (i % 4 != 0)
                rows.Put(Row($"key-{i}", 2, Body(i, 16)));
        for (var i = 0; i < 200; i++)
            rows.Tidy();
        Assert.InRange(rows.Bytes, 0, full * 6 / 10);
        for (var i = 0; i < 40_000; i++)
            Assert.True(IsWhole(rows.Find($"key-{i}", withBody: true, withEntries: false)!.Body.Span));
    }

    [Fact]
    public void Row_comes_back_as_it_was_written()
    {
        var rows = new MemoryRows();
        var row = Row("köy", 7, Body(1, 70_000)) with
        {
            Seen = 5,
            Writes = 3,
            Content = new(UInt128.MaxValue - 4),
            Entries = [new("by-city", "Ω"), new("by-city", "")],
        };
        rows.Put(row);
        var found = rows.Find("köy", withBody: true, withEntries: true)!;
        Assert.Equal(row.Entries, found.Entries);
        Assert.True(found.Body.Span.SequenceEqual(row.Body.Span));
        Assert.Equal(row with { Body = default, Entries = [] }, found with { Body = default, Entries = [] });
        Assert.Null(rows.Find("koy", withBody: true, withEntries: true));
        Assert.Equal(["köy"], rows.Keys());
    }

    private static long TornReads(MemoryRows rows, TimeSpan time)
    {
        for (var i = 0; i < Keys; i++)
            rows.Put(Row($"key-{i}", 0, Body(i, 1000)));
        var random = new Random(1);
        var reads = Enumerable.Repeat<Func<Random, bool>>(own => IsWholeInPlace(rows, own), 4);
        return Race(
            reads,
            time,
            static () => true,
            i =>
            {
                rows.Put(Row($"key-{random.Next(Keys)}", i, Body(i, 900 + random.Next(200))));
                if (i % 50 == 0)
                    rows.Tidy();
            }
        );
    }

    /// <summary>As above while the index grows and rows change their sizes, so that slabs are emptied and blocks of their own come and go; read in every way there is.</summary>
    private static long TornMoves(MemoryRows rows, TimeSpan time)
    {
        for (var i = 0; i < Keys; i++)
            rows.Put(Row($"key-{i}", 0, Body(i, 1000)));
        var (slots, random) = (0, new Random(1));
        int[] sizes = [200, 3_000, 64, 70_000, 900];
        Func<Random, bool>[] reads =
        [
            own => IsWholeInPlace(rows, own),
            own => IsWholeInPlace(rows, own),
            own => rows.Find($"key-{own.Next(Keys)}", withBody: true, withEntries: true) is { } row && IsWhole(row.Body.Span),
            // Those that were there before it began are never missed.
            _ => rows.Keys() is var keys && Enumerable.Range(0, Keys).All(i => keys.Contains($"key-{i}")),
        ];
        var torn = Race(
            reads,
            time,
            // On a busy machine the usual time may bring few keys.
            () => slots > EnoughKeys,
            i =>
            {
                var size = sizes[i / 4_000 % sizes.Length];
                // Few of the large ones: their bytes would take all the time.
                var key = size > 10_000 || i % 2 == 0 ? $"key-{random.Next(Keys)}" : $"key-{Keys + (slots++ % 30_000)}";
                if (size < 10_000 || i % 40 == 0)
                    rows.Put(Row(key, i, Body(i, size + random.Next(size / 4))));
                if (i % 50 == 0)
                    rows.Tidy();
            }
        );
        Assert.True(torn > 0 || slots > EnoughKeys, $"Only {slots} keys came: the index hardly grew.");
        return torn;
    }

    /// <summary>Reads side by side while one writer works; ends at the first read that was not whole, or once the time has passed and enough was written.</summary>
    private static long Race(IEnumerable<Func<Random, bool>> reads, TimeSpan time, Func<bool> isEnough, Action<int> write)
    {
        var (torn, done, stop) = (0L, 0L, false);
        var readers = reads.Select((read, seed) => new Thread(() => Read(read, new(seed)))).ToList();
        readers.ForEach(r => r.Start());
        var clock = Stopwatch.StartNew();
        for (var i = 1; Interlocked.Read(ref torn) == 0 && (clock.Elapsed < time || (!isEnough() && clock.Elapsed < MuchTooLong)); i++)
            write(i);
        Volatile.Write(ref stop, true);
        readers.ForEach(r => r.Join());
        Assert.True(done > 0);
        return torn;

        void Read(Func<Random, bool> read, Random own)
        {
            while (!Volatile.Read(ref stop))
            {
                if (!read(own))
                    Interlocked.Increment(ref torn);
                Interlocked.Increment(ref done);
            }
        }
    }

    private static bool IsWholeInPlace(MemoryRows rows, Random own)
    {
        var whole = new bool[1];
        rows.TryRead(
            $"key-{own.Next(Keys)}",
            whole,
            static (_, body, whole) =>
            {
                // Stopped in the middle, as a reader may be at any time.
                Thread.Yield();
                whole[0] = IsWhole(body);
            }
        );
        return whole[0];
    }

    /// <summary>Random bytes, and their sum at the end.</summary>
    private static byte[] Body(int seed, int length)
    {
        var body = new byte[length];
        new Random(seed).NextBytes(body.AsSpan(0, length - 8));
        BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(length - 8), Sum(body.AsSpan(0, length - 8)));
        return body;
    }

    private static bool IsWhole(ReadOnlySpan<byte> body) => BinaryPrimitives.ReadInt64LittleEndian(body[^8..]) == Sum(body[..^8]);

    private static long Sum(ReadOnlySpan<byte> bytes)
    {
        var sum = 17L;
        foreach (var each in bytes)
            sum = (sum * 31) + each;
        return sum;
    }

    private static ReplicaRow Row(string key, long revision, byte[] body) =>
        new()
        {
            Key = key,
            Revision = new(1, revision),
            Deleted = false,
            Operation = StateOperation.Upsert,
            Codec = "json",
            Schema = default,
            Body = body,
            CapturedAt = DateTimeOffset.UnixEpoch,
        };

    private sealed class Blind : ReadPhases
    {
        public override bool HavePassed() => true;
    }
}
