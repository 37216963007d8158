using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Statecast.Hosting;

namespace Statecast.Serialization.Avro.Registry;

/// <summary>
/// Schemas that no registry had, with the reason, and those that stored rows need and nobody asked for yet. They are asked for in the background until they are
/// there; meanwhile whoever meets one need not ask.
/// </summary>
internal sealed class MissingSchemas(
    Func<SchemaId, bool, CancellationToken, Task<bool>> ask,
    SchemaRegistryOptions options,
    TimeProvider clock,
    ILogger logger
) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<SchemaId, Missing> _schemas = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _starting = new();
    private readonly AsyncSignal _wanted = new();
    private Task _loop = Task.CompletedTask;
    private bool _running;

    /// <summary>Told when some of them were found.</summary>
    public Action? Found { get; set; }

    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Whether a registry said that there is no such schema: whoever meets it need not ask.</summary>
    public bool Holds(SchemaId id) => _schemas.TryGetValue(id, out var missing) && missing.IsSaid;

    public string? ReasonFor(SchemaId id) => _schemas.TryGetValue(id, out var missing) ? missing.Reason : null;

    /// <summary>Notes that a registry has no such schema.</summary>
    public void Note(SchemaId id, string reason)
    {
        var before = _schemas.GetValueOrDefault(id);
        if (!before.IsSaid && !IsFull)
            RegistryLog.Unknown(logger, reason, options.AskAgain);
        // Ids can be made up without end, and each must be held for a while: a receiver that was told of one looks for it once more.
        if (IsFull && before.Reason is null)
            Forget();
        _schemas[id] = new(reason, IsSaid: true, before.IsStored);
        Start();
    }

    /// <summary>Asks for the schema of something stored soon; it may be named by its fingerprint.</summary>
    public void Want(SchemaId id)
    {
        if (_schemas.ContainsKey(id))
            return;
        // One too many is wanted again at the next try of what is parked.
        if (IsFull)
            return;
        _schemas[id] = new("It is being asked for; what was written in it is applied once it is known.", IsSaid: false, IsStored: true);
        _wanted.Signal();
        Start();
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task loop;
        lock (_starting)
            loop = _loop;
        await loop.ConfigureAwait(false);
    }

    private bool IsFull => _schemas.Count >= options.MaxSchemas;

    // What is stored is waited for; what a made-up id stands in may be one of many.
    private void Forget()
    {
        var id = _schemas.Where(s => !s.Value.IsStored).Concat(_schemas).Select(s => s.Key).FirstOrDefault();
        _schemas.TryRemove(id, out _);
    }

    private void Start()
    {
        lock (_starting)
        {
            if (_running || Stopping.IsCancellationRequested)
                return;
            _running = true;
            _loop = Task.Run(AskUntilFound);
        }
    }

    private async Task AskUntilFound()
    {
        try
        {
            do
            {
                await _wanted.WaitAsync(options.AskAgain, clock, Stopping).ConfigureAwait(false);
                if (await AskAll().ConfigureAwait(false))
                    Found?.Invoke();
            } while (!Ends());
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    // Looked at and left under one lock: what is noted afterwards starts another loop.
    private bool Ends()
    {
        lock (_starting)
            return !(_running = !_schemas.IsEmpty);
    }

    private async Task<bool> AskAll()
    {
        var any = false;
        foreach (var (id, missing) in _schemas)
            try
            {
                if (await ask(id, missing.IsStored, Stopping).ConfigureAwait(false))
                    any |= _schemas.TryRemove(id, out _);
            }
            // The next round asks again; whoever needs a schema at once is told by the receive.
            catch (SchemaRegistryException e)
            {
                RegistryLog.StillMissing(logger, e, id);
                if (e.Fault == SchemaRegistryFault.Unavailable)
                    break;
            }
        return any;
    }

    /// <param name="Reason">Why it is not known.</param>
    /// <param name="IsSaid">Whether a registry said so.</param>
    /// <param name="IsStored">Whether something stored needs it.</param>
    private readonly record struct Missing(string Reason, bool IsSaid, bool IsStored);
}
