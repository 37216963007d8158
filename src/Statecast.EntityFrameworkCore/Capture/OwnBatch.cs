using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>A batch of ours among those of EF Core's save: without commands of EF Core's, on the save's connection and in its transaction.</summary>
internal abstract class OwnBatch : ModificationCommandBatch
{
    public override IReadOnlyList<IReadOnlyModificationCommand> ModificationCommands => [];

    public override bool RequiresTransaction => true;

    public override bool AreMoreBatchesExpected => false;

    public override bool TryAddCommand(IReadOnlyModificationCommand modificationCommand) => false;

    public override void Complete(bool moreBatchesExpected) { }

    public override void Execute(IRelationalConnection connection)
    {
        var run = RunAsync(connection, synchronous: true, CancellationToken.None);
        if (!run.IsCompleted)
            throw new InvalidOperationException("A capture store waited asynchronously in a synchronous save.");
        run.GetAwaiter().GetResult();
    }

    public override Task ExecuteAsync(IRelationalConnection connection, CancellationToken cancellationToken = default) =>
        RunAsync(connection, synchronous: false, cancellationToken);

    /// <summary>Does the batch's work; again for every attempt of the execution strategy. If synchronous, it has ended when it returns.</summary>
    protected abstract Task RunAsync(IRelationalConnection connection, bool synchronous, CancellationToken ct);
}
