using System.Collections.Immutable;
using System.Globalization;
using Microsoft.CodeAnalysis;
using Statecast.Contracts.Locks;
using Statecast.Generators.Emitting;
using Statecast.Generators.Reading;
using Statecast.Generators.Rules;
using Statecast.Generators.Shapes;

namespace Statecast.Generators.Locks;

/// <summary>Compares a contract with its locked history: the verdict is the core's, what is said of it and where is ours.</summary>
internal sealed class LockChecker(LockHistory history, Action<Diagnostic> report)
{
    public void Check(INamedTypeSymbol contract, ContractShape shape, CancellationToken ct)
    {
        if (history.Of(shape.Name, shape.Major, ct) is not { } locked)
            return;
        var schemas = new Schemas(AvroSchemaEmitter.Emit(shape), JsonSchemaEmitter.Emit(shape));
        if (locked.Count == 0)
        {
            var first = new ContractVersion(shape.Major, 0);
            report(
                Diagnostic.Create(
                    LockRules.NoLock,
                    PlaceOf(contract, contract),
                    history.IsRequired ? DiagnosticSeverity.Error : DiagnosticSeverity.Info,
                    additionalLocations: null,
                    properties: Lock(shape, first, schemas),
                    contract.Name,
                    first
                )
            );
            return;
        }
        // What the Avro schema does not say, the key above all, would change unnoticed.
        foreach (var half in locked.Where(l => l.JsonText is null))
            report(
                Diagnostic.Create(
                    LockRules.BadLock,
                    PlaceOf(contract, contract),
                    $"{shape.Name}/{half.Version}{LockFile.Json} is missing, which says what the key is"
                )
            );
        if (locked.Exists(l => l.JsonText is null))
            return;
        var last = locked[locked.Count - 1].Version;
        var now = new LockedSchemas(last, LockFile.Minify(schemas.Avro), LockFile.Minify(schemas.Json));
        var change = now.IsSame(locked[locked.Count - 1])
            ? LockVerdicts.Of(locked, history.Mode)
            : ContractChange.Judge(locked, now, history.Mode);
        foreach (var problem in change.Problems)
            Report(contract, shape, problem);
        if (change.Problems.Count > 0 || change.IsNone)
            return;
        var next = new ContractVersion(last.Major, last.Minor + 1);
        report(
            Diagnostic.Create(
                LockRules.NoMinor,
                PlaceOf(contract, contract),
                Lock(shape, next, schemas),
                contract.Name,
                last,
                next,
                string.Concat(change.Notes.Select(n => $" Upgrade targets first, for {n}."))
            )
        );
    }

    private void Report(INamedTypeSymbol contract, ContractShape shape, ChangeProblem problem)
    {
        var (at, type) = PathSymbols.Find(contract, problem.Path);
        var mend = ImmutableDictionary<string, string?>.Empty;
        switch (problem.Kind)
        {
            case ChangeProblemKind.Rename:
                if (problem.Rename!.IsType)
                    at = PathSymbols.Named(type, problem.Rename.To);
                Tell(LockRules.NoAlias, mend.Add(MendKeys.Alias, problem.Rename.From), at);
                break;
            case ChangeProblemKind.MissingDefault:
                Tell(LockRules.NoDefault, mend, at);
                break;
            case ChangeProblemKind.EnumDefault:
                Tell(LockRules.NoEnumDefault, mend.Add(MendKeys.Type, Names.Shown(type)), at);
                break;
            default:
                Tell(
                    LockRules.Breaking,
                    mend.Add(MendKeys.Version, (shape.Major + 1).ToString(CultureInfo.InvariantCulture)).Add(MendKeys.Contract, shape.Name),
                    at
                );
                break;
        }

        void Tell(DiagnosticDescriptor rule, ImmutableDictionary<string, string?> properties, ISymbol where) =>
            report(
                Diagnostic.Create(
                    rule,
                    PlaceOf(where, contract),
                    // A break is mended at the contract, wherever it shows.
                    rule == LockRules.Breaking
                        ? [PlaceOf(contract, contract)]
                        : null,
                    properties,
                    contract.Name,
                    problem.Version,
                    problem.Path == "$" ? "as a whole" : $"at '{problem.Path}'",
                    problem.Reason,
                    problem.Advice,
                    shape.Major + 1
                )
            );
    }

    private ImmutableDictionary<string, string?> Lock(ContractShape shape, ContractVersion version, Schemas schemas) =>
        history.FolderOf(shape.Name) is { } folder
            ? ImmutableDictionary<string, string?>
                .Empty.Add(MendKeys.Lock, Path.Combine(folder, version.ToString()))
                .Add(MendKeys.AvroSchema, LockFile.LayOut(schemas.Avro))
                .Add(MendKeys.JsonSchema, LockFile.LayOut(schemas.Json))
            : ImmutableDictionary<string, string?>.Empty;

    private static Location PlaceOf(ISymbol symbol, INamedTypeSymbol contract) =>
        symbol.Locations.FirstOrDefault(l => l.IsInSource) ?? contract.Locations[0];

    private readonly struct Schemas(string avro, string json)
    {
        public string Avro { get; } = avro;

        public string Json { get; } = json;
    }
}
