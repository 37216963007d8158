using System.Diagnostics;
using Statecast.Benchmarks.Orders;

namespace Statecast.Benchmarks.Log;

/// <summary>When each order was first applied, by its number. Written by the one who applies, read by the process's command loop.</summary>
internal sealed class AppliedOrders
{
    private const int MostOrders = 2_000_000;
    private readonly long[] _stamps = new long[MostOrders];

    // Guards everything here.
    private readonly Lock _gate = new();
    private TaskCompletionSource? _reached;
    private int _awaited;
    private int _count;
    private long _last;

    /// <summary>Notes orders of a transaction that has just been committed.</summary>
    public void Note(IEnumerable<Guid> orders)
    {
        var now = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            foreach (var order in orders)
            {
                ref var stamp = ref _stamps[OrderMaker.NumberOf(order)];
                if (stamp != 0)
                    continue;
                stamp = now;
                _last = now;
                _count++;
            }
            if (_count >= _awaited)
                _reached?.TrySetResult();
        }
    }

    /// <summary>Waits until so many different orders were applied.</summary>
    /// <returns>When the last one was.</returns>
    public async Task<long> ReachedAsync(int count)
    {
        Task reached;
        lock (_gate)
        {
            _awaited = count;
            _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_count >= count)
                _reached.SetResult();
            reached = _reached.Task;
        }
        await reached;
        lock (_gate)
            return _last;
    }

    /// <summary>When orders with successive numbers were applied.</summary>
    public long[] Stamps(int first, int count)
    {
        lock (_gate)
            return _stamps[first..(first + count)];
    }
}
