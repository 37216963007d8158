using System.Collections.Generic;
using Statecast.Serialization.Compatibility;

namespace Statecast.Contracts.Locks;

/// <summary>What stands against a change within a major.</summary>
internal enum ChangeProblemKind
{
    /// <summary>What is written is not read any more, or what is needed is gone.</summary>
    Breaking,

    /// <summary>Something has another name, and no alias says so.</summary>
    Rename,

    /// <summary>A field came that earlier states do not have.</summary>
    MissingDefault,

    /// <summary>A member came to an enum that does not say what an unknown one is taken for.</summary>
    EnumDefault,
}

/// <summary>One thing that stands against a change within a major.</summary>
internal sealed class ChangeProblem(
    ChangeProblemKind kind,
    ContractVersion version,
    string path,
    string reason,
    string advice,
    ContractRename? rename = null
)
{
    public ChangeProblemKind Kind { get; } = kind;

    /// <summary>The earlier version that it concerns.</summary>
    public ContractVersion Version { get; } = version;

    public string Path { get; } = path;

    public string Reason { get; } = reason;

    public string Advice { get; } = advice;

    public ContractRename? Rename { get; } = rename;

    public override string ToString() => $"{Path} ({Version}): {Reason}; {Advice}.";
}

/// <summary>
/// How a contract differs from the locked versions of its major, and whether it may. Within a major every earlier state must be read, renames must be
/// said, what earlier targets cannot do without must stay, nothing may be lost to them without an error, and a new enum member needs a stand-in. What
/// else earlier targets cannot read they park until they are upgraded, which is told, and forbidden only by a mode that looks forward.
/// </summary>
internal sealed class ContractChange
{
    private readonly List<ChangeProblem> _problems = [];
    private readonly List<string> _notes = [];
    private readonly HashSet<(CompatibilityDirection, string, string)> _told = [];
    private readonly HashSet<(CompatibilityDirection, string)> _places = [];

    private ContractChange(bool isNone) => IsNone = isNone;

    /// <summary>Whether the contract is as its newest lock has it, so that nothing has to be locked.</summary>
    public bool IsNone { get; }

    /// <summary>What stands against it; empty for a change that needs a new minor only.</summary>
    /// <remarks>Not empty without a change either where the newest lock itself breaks with one before it.</remarks>
    public IReadOnlyList<ChangeProblem> Problems => _problems;

    /// <summary>What targets built with an earlier version will park until they are upgraded.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <param name="locked">The locked versions of the contract's major, oldest first; not none.</param>
    /// <param name="now">The contract as it is.</param>
    /// <param name="mode">Who must read what.</param>
    public static ContractChange Judge(IReadOnlyList<LockedSchemas> locked, LockedSchemas now, CompatibilityMode mode)
    {
        var change = new ContractChange(now.IsSame(locked[locked.Count - 1]));
        // As its newest lock has it, it stands against those before that: the lock may be written by hand, or under a weaker mode.
        var earlier = new List<LockedSchemas>(locked);
        if (change.IsNone)
            earlier.RemoveAt(earlier.Count - 1);
        if (earlier.Count == 0)
            return change;
        var renames = change.AddRenames(earlier, now, mode);
        foreach (var problem in Compare(mode, earlier, now))
            change.Add(problem, earlier[problem.Against].Version, now, renames, mode);
        if (!mode.IsForward())
            foreach (var problem in Compare(CompatibilityMode.ForwardTransitive, earlier, now))
                change.Add(problem, earlier[problem.Against].Version, now, renames, mode);
        return change;
    }

    // Newest first: what an earlier version repeats is told of the last one that has it.
    private List<ContractRename> AddRenames(List<LockedSchemas> earlier, LockedSchemas now, CompatibilityMode mode)
    {
        var renames = new List<ContractRename>();
        var told = new HashSet<(string, string)>();
        var newest = earlier.Count - 1;
        for (var i = newest; i >= (mode.IsTransitive() ? 0 : newest); i--)
        {
            var compared = ContractRenames.Find(earlier[i].Avro, now.Avro, isNext: i == newest);
            foreach (var rename in compared.Found)
                if (told.Add((rename.Path, rename.From)))
                {
                    renames.Add(rename);
                    _problems.Add(Renamed(rename, earlier[i].Version));
                }
            foreach (var lost in compared.Lost)
                if (told.Add((lost.Path, lost.Symbol)))
                    _problems.Add(Gone(lost, earlier[i].Version));
        }
        return renames;
    }

    // Avro's verdicts come first.
    private static IEnumerable<CompatibilityProblem> Compare(CompatibilityMode mode, IReadOnlyList<LockedSchemas> locked, LockedSchemas now)
    {
        var avro = new List<Serialization.Avro.Schemas.AvroSchema>(locked.Count);
        foreach (var version in locked)
            avro.Add(version.Avro);
        foreach (var problem in SchemaCompatibility.Check(mode, now.Avro, avro).Problems)
            yield return problem;
        if (now.Json is null)
            yield break;
        for (var i = mode.IsTransitive() ? 0 : locked.Count - 1; i < locked.Count; i++)
            if (locked[i].Json is { } json)
                foreach (var problem in SchemaCompatibility.Check(mode, now.Json, [json]).Problems)
                    yield return problem.At(i);
    }

    private static ChangeProblem Renamed(ContractRename rename, ContractVersion version) =>
        new(
            ChangeProblemKind.Rename,
            version,
            rename.Path,
            $"'{rename.From}' is now '{rename.To}' as it seems, and earlier states would lose it",
            $"add [Alias(\"{rename.From}\")]; if it is another, remove the old one and lock that first",
            rename
        );

    private static ChangeProblem Gone(LostSymbol lost, ContractVersion version) =>
        new(
            ChangeProblemKind.Breaking,
            version,
            lost.Path,
            $"the member '{lost.Symbol}' is gone, and earlier states that have it would be read as '{lost.StandIn}'",
            "keep it"
        );

    private void Add(
        CompatibilityProblem problem,
        ContractVersion version,
        LockedSchemas now,
        IReadOnlyList<ContractRename> renames,
        CompatibilityMode mode
    )
    {
        if (IsRename(problem, renames) || IsTold(problem))
            return;
        var isBackward = problem.Direction == CompatibilityDirection.Backward;
        if (isBackward && problem.Rule == CompatibilityRule.MissingDefault)
            Problem(
                ChangeProblemKind.MissingDefault,
                $"'{SchemaPaths.Split(problem.Path).Field}' is new, and states of {version} do not have it",
                "make it nullable, or give it a default"
            );
        else if (!isBackward && problem.Rule == CompatibilityRule.EnumSymbol && !SchemaPaths.HasEnumDefault(now.Avro, problem.Path))
            Problem(ChangeProblemKind.EnumDefault, problem.Reason, "mark a member with [EnumDefault]");
        // Lost without an error: nobody could park it.
        else if (isBackward || mode.IsForward() || problem.Rule == CompatibilityRule.Loss)
            Problem(ChangeProblemKind.Breaking, problem.Reason, problem.Advice);
        else if (problem.Rule == CompatibilityRule.MissingDefault && !SchemaPaths.HasAlias(now.Avro, problem.Path))
            Problem(
                ChangeProblemKind.Breaking,
                $"'{SchemaPaths.Split(problem.Path).Field}' is gone, and targets of {version} cannot do without it",
                "keep it"
            );
        else
            _notes.Add($"{problem.Path}: targets of {version} park what they cannot read until they are upgraded: {problem.Reason}");

        void Problem(ChangeProblemKind kind, string reason, string advice) =>
            _problems.Add(new(kind, version, problem.Path, reason, advice));
    }

    // A later version repeats what an earlier one had, and JSON says in its words what Avro says of the same place.
    private bool IsTold(CompatibilityProblem problem)
    {
        var place = (problem.Direction, problem.Path);
        if (problem.Codec == "avro")
            _places.Add(place);
        else if (_places.Contains(place))
            return true;
        return !_told.Add((problem.Direction, problem.Path, problem.Reason));
    }

    // What follows from a rename that was told already.
    private static bool IsRename(CompatibilityProblem problem, IReadOnlyList<ContractRename> renames)
    {
        foreach (var rename in renames)
            if (rename.IsType)
            {
                if (
                    problem.Path == rename.Path
                    && problem.Rule is CompatibilityRule.Name or CompatibilityRule.UnionBranch or CompatibilityRule.Type
                )
                    return true;
            }
            else if (problem.Rule == CompatibilityRule.MissingDefault)
            {
                var (parent, _) = SchemaPaths.Split(rename.Path);
                var gone = parent == "$" ? rename.From : $"{parent}.{rename.From}";
                if (problem.Path == (problem.Direction == CompatibilityDirection.Backward ? rename.Path : gone))
                    return true;
            }
        return false;
    }
}
