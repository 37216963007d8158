using System.Collections.Concurrent;

namespace Shop.Load;

/// <summary>The customers: a few at once, each with scripts of their own, so that the steps of one order follow each other.</summary>
internal sealed class OrderLoad
{
    private const int Workers = 4;
    private readonly ShopClient _client;
    private readonly Worker[] _workers;
    private readonly ConcurrentDictionary<Guid, string> _tokens = [];
    private readonly ConcurrentDictionary<Guid, StepKind> _orders = [];
    private long _done;

    public OrderLoad(Workload workload, ShopClient client, int seed)
    {
        _client = client;
        _workers = [.. Enumerable.Range(0, Workers).Select(i => new Worker(Dice.For(seed, "worker", i)))];
        var next = 0;
        // Shuffled, so that old and new orders and customers change side by side.
        var shuffle = Dice.For(seed, "shuffle", 0);
        foreach (var script in workload.Scripts().Where(script => script.Count > 0).OrderBy(_ => shuffle.Next()))
        {
            _workers[next++ % Workers].Take(script);
            Total += script.Count;
        }
    }

    /// <summary>All steps there are.</summary>
    public long Total { get; }

    /// <summary>Steps that were answered.</summary>
    public long Done => Interlocked.Read(ref _done);

    /// <summary>The token of the newest state of each order and customer that an answer named.</summary>
    public IReadOnlyDictionary<Guid, string> Tokens => _tokens;

    /// <summary>The source lost what it answered since then.</summary>
    public void ForgetTokens(IReadOnlyDictionary<Guid, string> then)
    {
        _tokens.Clear();
        foreach (var (key, token) in then)
            _tokens[key] = token;
    }

    /// <summary>Orders that were changed so far, in no particular order; some of them may be removed.</summary>
    public IEnumerable<Guid> OrderIds => _orders.Keys;

    /// <summary>An order that waits for its payment, if there is one.</summary>
    public Guid? UnpaidOrder => _orders.Where(o => o.Value is StepKind.Place or StepKind.Change).Select(o => (Guid?)o.Key).FirstOrDefault();

    /// <summary>Called with every answered step and its token.</summary>
    public Func<Step, string?, CancellationToken, Task>? Answered { get; set; }

    /// <summary>Goes on until this share of all steps is done.</summary>
    public async Task RunAsync(double share, CancellationToken ct)
    {
        var until = share >= 1 ? Total : (long)(Total * share);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var workers = _workers.Select(worker => Task.Run(() => WorkAsync(worker, until, stop), CancellationToken.None));
        await Task.WhenAll(workers);
    }

    /// <summary>Returns when so many steps are done.</summary>
    public async Task ReachAsync(long steps, Task running, CancellationToken ct)
    {
        while (Done < steps && !running.IsCompleted)
            await Task.Delay(1, ct);
    }

    private async Task WorkAsync(Worker worker, long until, CancellationTokenSource stop)
    {
        try
        {
            while (Done < until && worker.Next() is { } step)
            {
                var token = await _client.SendAsync(step, stop.Token);
                if (token is not null)
                    _tokens[step.Key] = token;
                if (step.Kind != StepKind.ChangeCustomer)
                    _orders[step.Key] = step.Kind;
                Interlocked.Increment(ref _done);
                if (Answered is { } answered)
                    await answered(step, token, stop.Token);
            }
        }
        catch
        {
            // One customer who cannot go on ends the load: what follows would only hide the reason.
            await stop.CancelAsync();
            throw;
        }
    }

    /// <summary>One customer's scripts: those under way, and those not begun.</summary>
    private sealed class Worker(Random dice)
    {
        private const int MostOpen = 40;
        private readonly Queue<IReadOnlyList<Step>> _waiting = [];
        private readonly List<Queue<Step>> _open = [];

        public void Take(IReadOnlyList<Step> script) => _waiting.Enqueue(script);

        public Step? Next()
        {
            while (_open.Count < MostOpen && _waiting.TryDequeue(out var script))
                _open.Add(new(script));
            if (_open.Count == 0)
                return null;
            var at = dice.Next(_open.Count);
            var step = _open[at].Dequeue();
            if (_open[at].Count == 0)
                _open.RemoveAt(at);
            return step;
        }
    }
}
