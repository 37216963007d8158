using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Statecast.Events;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>What a context instance holds between its saves: causes for the next one, tokens of the last. A pooled context starts anew.</summary>
internal sealed class CaptureSession : IResettableService
{
    private readonly Dictionary<(string Contract, string Key), StateToken> _tokens = [];
    private Dictionary<object, string>? _causesOf;
    private Guid _transaction;
    private bool _hearsSaves;

    /// <summary>The tokens of the last captured save, and of those before it in the same transaction.</summary>
    public IReadOnlyCollection<StateToken> Tokens => _tokens.Values;

    /// <summary>The cause of everything that the next save changes.</summary>
    public string? Cause { get; private set; }

    public bool HasEntityCauses => _causesOf is { Count: > 0 };

    public StateToken? Find(string contract, string key) => _tokens.GetValueOrDefault((contract, key));

    public void AddCause(string cause) => Cause = Causes.Join(Cause, Causes.Check(cause));

    public void AddCause(object entity, string cause)
    {
        _causesOf ??= new(ReferenceEqualityComparer.Instance);
        _causesOf[entity] = Causes.Join(_causesOf.GetValueOrDefault(entity), Causes.Check(cause))!;
    }

    /// <summary>Lets every save of the context use causes up. One that finds nothing to save ends before it is captured.</summary>
    public void UseUpCausesOf(DbContext context)
    {
        if (_hearsSaves)
            return;
        _hearsSaves = true;
        context.SavedChanges += (_, _) => ClearCauses();
    }

    public string? CauseOf(object entity) => _causesOf?.GetValueOrDefault(entity);

    /// <summary>A save succeeded: its causes are used up, its tokens stand.</summary>
    public void Saved(Guid transaction, IReadOnlyList<StateToken> tokens)
    {
        if (transaction != _transaction)
            _tokens.Clear();
        _transaction = transaction;
        foreach (var token in tokens)
            _tokens[(token.Contract, token.Key)] = token;
        ClearCauses();
    }

    public void ClearCauses()
    {
        Cause = null;
        _causesOf?.Clear();
    }

    public void ResetState()
    {
        _tokens.Clear();
        _transaction = default;
        // A context that goes back to its pool drops who listens to it.
        _hearsSaves = false;
        ClearCauses();
    }

    public Task ResetStateAsync(CancellationToken cancellationToken = default)
    {
        ResetState();
        return Task.CompletedTask;
    }
}
