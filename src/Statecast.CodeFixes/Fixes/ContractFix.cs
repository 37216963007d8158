using Microsoft.CodeAnalysis;
using Statecast.CodeFixes.Applying;

namespace Statecast.CodeFixes.Fixes;

/// <summary>Mends the diagnostics of one rule.</summary>
/// <param name="id">The rule.</param>
internal abstract class ContractFix(string id)
{
    /// <summary>The rule's id; the fix's equivalence key too.</summary>
    public string Id { get; } = id;

    /// <summary>What mends the diagnostic at a place; null if nothing does by itself.</summary>
    public abstract Task<Mend?> FindAsync(Place place, CancellationToken ct);

    protected static Task<Mend?> Found(string title, params NodeEdit[] edits) => Task.FromResult<Mend?>(new(title, edits));

    protected static Task<Mend?> Nothing { get; } = Task.FromResult<Mend?>(null);
}

/// <summary>What is offered, and what it changes.</summary>
internal sealed record Mend(string Title, IReadOnlyList<NodeEdit> Edits, IReadOnlyList<FileEdit> Files)
{
    public Mend(string title, IReadOnlyList<NodeEdit> edits)
        : this(title, edits, []) { }

    /// <summary>Applies what several diagnostics of one solution need to it.</summary>
    public static async Task<Solution> ApplyAsync(Solution solution, IReadOnlyList<Mend> mends, CancellationToken ct) =>
        FileEdit.Apply(
            await NodeEdit.ApplyAsync(solution, mends.SelectMany(m => m.Edits), ct).ConfigureAwait(false),
            mends.SelectMany(m => m.Files)
        );
}
