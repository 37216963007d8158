using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Update;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>
/// A batch that can be cancelled in a save that cannot. EF Core rolls a failed save back to its savepoint with the save's own token: once that is
/// cancelled the rollback does nothing, and what the save had written stays in the application's transaction, uncaptured.
/// </summary>
internal sealed class CancellableBatch(ModificationCommandBatch inner, CancellationToken cancel) : ModificationCommandBatch
{
    public override IReadOnlyList<IReadOnlyModificationCommand> ModificationCommands => inner.ModificationCommands;

    public override bool RequiresTransaction => inner.RequiresTransaction;

    public override bool AreMoreBatchesExpected => inner.AreMoreBatchesExpected;

    public override bool TryAddCommand(IReadOnlyModificationCommand modificationCommand) => inner.TryAddCommand(modificationCommand);

    public override void Complete(bool moreBatchesExpected) => inner.Complete(moreBatchesExpected);

    public override void Execute(IRelationalConnection connection) => inner.Execute(connection);

    public override Task ExecuteAsync(IRelationalConnection connection, CancellationToken cancellationToken = default) =>
        inner.ExecuteAsync(connection, cancel);
}
