using System.Collections.Generic;
using System.Linq;
using System.Runtime.CompilerServices;
using Statecast.Serialization.Avro.Schemas;

namespace Statecast.Serialization.Avro.Resolving;

/// <summary>Works out the plan for one pair of schemas, and everything in the way of one.</summary>
internal sealed class AvroResolver
{
    // A pair is worked out once, for each branch of a reader's union in which it stands: also what lets a type contain itself.
    private readonly Dictionary<(object Writer, object? Reader, int Branch), AvroPlan> _plans = new(Pairs.Instance);
    private readonly Dictionary<(object Writer, object? Reader, int Branch), string> _failed = new(Pairs.Instance);

    // Pairs of records in the order in which they were begun.
    private readonly List<(object Writer, object? Reader, int Branch)> _begun = [];
    private readonly List<AvroMismatch> _mismatches = [];
    private readonly AvroEmptiness _emptiness = new();
    private readonly AvroLikeness _likeness = new();
    private string _lastReason = "";

    public IReadOnlyList<AvroMismatch> Mismatches => _mismatches;

    public AvroPlan? Resolve(AvroSchema writer, AvroSchema reader)
    {
        try
        {
            return Resolve(writer, reader, -1, "$");
        }
        catch (System.InsufficientExecutionStackException)
        {
            _mismatches.Clear();
            return Fail(
                "$",
                new(
                    AvroMismatchRule.Type,
                    "the writer's types are nested in each other too deeply",
                    "nest them less: thousands of types in a row are no state"
                )
            );
        }
    }

    private AvroPlan? Resolve(AvroSchema writer, AvroSchema reader, int branch, string path)
    {
        // Types that are named can be nested in each other however little their JSON is.
        RuntimeHelpers.EnsureSufficientExecutionStack();
        if (writer is AvroUnion branches)
            return ResolveBranches(branches, reader, path);
        if (reader is AvroUnion union)
            return ResolveInto(writer, union, path);
        if (AvroMatch.Problem(writer, reader) is { } problem)
            return Fail(path, problem);
        switch (writer)
        {
            case AvroRecord record:
                return ResolveRecord(record, (AvroRecord)reader, branch, path);
            case AvroEnum symbols:
                return ResolveEnum(symbols, (AvroEnum)reader, branch, path);
            case AvroArray array:
                return WithItem(new(AvroType.Array, branch), Resolve(array.Items, ((AvroArray)reader).Items, -1, Join(path, "[]")));
            case AvroMap map:
                return WithItem(new(AvroType.Map, branch), Resolve(map.Values, ((AvroMap)reader).Values, -1, Join(path, "{}")));
            case AvroFixed bytes:
                return new(AvroType.Fixed, branch) { Size = bytes.Size, IsEmpty = bytes.Size == 0 };
            default:
                return new(writer.Type, branch) { IsEmpty = writer.Type == AvroType.Null };
        }
    }

    // Which branch was written is known only when it is read: one that cannot be read is no error before it comes.
    private AvroPlan? ResolveBranches(AvroUnion writer, AvroSchema reader, string path)
    {
        var plan = new AvroPlan(AvroType.Union)
        {
            Branches = new AvroPlan?[writer.Branches.Count],
            Problems = new string?[writer.Branches.Count],
        };
        var readable = writer.Branches.Count == 0;
        for (var i = 0; i < writer.Branches.Count; i++)
        {
            plan.Branches[i] = Resolve(writer.Branches[i], reader, -1, path);
            if (plan.Branches[i] is null)
                plan.Problems[i] = _lastReason;
            else
                readable = true;
        }
        return readable ? plan : null;
    }

    private AvroPlan? ResolveInto(AvroSchema writer, AvroUnion reader, string path)
    {
        var match = AvroMatch.BranchFor(writer, reader);
        return match >= 0
            ? Resolve(writer, reader.Branches[match], match, path)
            : Fail(
                path,
                new(AvroMismatchRule.UnionBranch, $"the reader's union has no branch for {writer}", "add the branch to the union")
            );
    }

    private AvroPlan? ResolveRecord(AvroRecord writer, AvroRecord reader, int branch, string path)
    {
        if (_plans.TryGetValue((writer, reader, branch), out var known))
            return known;
        // Told once: types that hold each other would fail again at every place, and there can be more places than could ever be told.
        if (_failed.TryGetValue((writer, reader, branch), out var reason))
        {
            _lastReason = reason;
            return null;
        }
        var plan = new AvroPlan(AvroType.Record, branch) { IsEmpty = _emptiness.Of(writer) };
        var place = _begun.Count;
        _begun.Add((writer, reader, branch));
        _plans.Add((writer, reader, branch), plan);
        var fields = AvroMatch.Fields(writer, reader);
        var steps = new AvroStep[writer.Fields.Count];
        var complete = true;
        for (var i = 0; i < steps.Length; i++)
        {
            var field = writer.Fields[i];
            var step =
                fields[i] >= 0 ? Resolve(field.Schema, reader.Fields[fields[i]].Schema, -1, Join(path, field.Name)) : Pass(field.Schema);
            complete &= step is not null;
            steps[i] = new(fields[i], step!, field.Name);
        }
        var given = new HashSet<int>(fields);
        for (var i = 0; i < reader.Fields.Count; i++)
            if (!reader.Fields[i].HasDefault && !given.Contains(i))
            {
                complete = false;
                Fail(
                    Join(path, reader.Fields[i].Name),
                    new(
                        AvroMismatchRule.MissingDefault,
                        $"the writer has no field '{reader.Fields[i].Name}', and the reader no default for it",
                        "give the field a default, or an alias if it was renamed"
                    )
                );
            }
        if (!complete)
        {
            // What was finished since may lead to this one, which it took for one that will be: it is worked out anew where it is met again.
            foreach (var pair in _begun.Skip(place))
                _plans.Remove(pair);
            _begun.RemoveRange(place, _begun.Count - place);
            _failed[(writer, reader, branch)] = _lastReason;
            return null;
        }
        plan.Steps = WithoutNothing(steps);
        plan.BeginsAlike = _likeness.Begins(writer, reader);
        return plan;
    }

    // What is passed over and no bytes at all takes no step: an item of one byte could else cost thousands.
    private static AvroStep[] WithoutNothing(AvroStep[] steps) => System.Array.FindAll(steps, s => s.Field >= 0 || !s.Plan.IsEmpty);

    private AvroPlan ResolveEnum(AvroEnum writer, AvroEnum reader, int branch, string path)
    {
        var read = NamePlaces.Of(reader.Symbols, s => s);
        var symbols = new int[writer.Symbols.Count];
        for (var i = 0; i < symbols.Length; i++)
        {
            symbols[i] = read.Of(writer.Symbols[i]);
            if (symbols[i] < 0 && reader.Default is { } stand)
                symbols[i] = read.Of(stand);
            if (symbols[i] < 0)
                Fail(
                    path,
                    new(
                        AvroMismatchRule.EnumSymbol,
                        $"the symbol '{writer.Symbols[i]}' is unknown to the reader's {reader.Name.Simple}, which has no default",
                        "add the symbol, or mark a default for symbols that are not known"
                    )
                );
        }
        return new(AvroType.Enum, branch) { Symbols = symbols, Names = writer.Symbols };
    }

    /// <summary>How a value is passed over that the reader does not know.</summary>
    private AvroPlan Pass(AvroSchema writer)
    {
        if (_plans.TryGetValue((writer, null, -1), out var known))
            return known;
        RuntimeHelpers.EnsureSufficientExecutionStack();
        var plan = new AvroPlan(writer.Type) { IsEmpty = _emptiness.Of(writer) };
        _plans.Add((writer, null, -1), plan);
        switch (writer)
        {
            case AvroUnion union:
                plan.Branches = new AvroPlan?[union.Branches.Count];
                for (var i = 0; i < plan.Branches.Length; i++)
                    plan.Branches[i] = Pass(union.Branches[i]);
                break;
            case AvroRecord record:
                plan.Steps = new AvroStep[record.Fields.Count];
                for (var i = 0; i < plan.Steps.Length; i++)
                    plan.Steps[i] = new(-1, Pass(record.Fields[i].Schema), record.Fields[i].Name);
                plan.Steps = WithoutNothing(plan.Steps);
                break;
            case AvroEnum symbols:
                plan.Symbols = new int[symbols.Symbols.Count];
                break;
            case AvroArray array:
                plan.Item = Pass(array.Items);
                break;
            case AvroMap map:
                plan.Item = Pass(map.Values);
                break;
            case AvroFixed bytes:
                plan.Size = bytes.Size;
                break;
        }
        return plan;
    }

    private static AvroPlan? WithItem(AvroPlan plan, AvroPlan? item)
    {
        if (item is null)
            return null;
        plan.Item = item;
        return plan;
    }

    private AvroPlan? Fail(string path, AvroMatchProblem problem)
    {
        _mismatches.Add(new(path, problem.Rule, problem.Reason, problem.Advice));
        _lastReason = problem.Reason;
        return null;
    }

    private static string Join(string path, string step) =>
        step[0] is '[' or '{' ? (path == "$" ? step : path + step)
        : path == "$" ? step
        : $"{path}.{step}";

    private sealed class Pairs : IEqualityComparer<(object Writer, object? Reader, int Branch)>
    {
        public static Pairs Instance { get; } = new();

        public bool Equals((object Writer, object? Reader, int Branch) x, (object Writer, object? Reader, int Branch) y) =>
            ReferenceEquals(x.Writer, y.Writer) && ReferenceEquals(x.Reader, y.Reader) && x.Branch == y.Branch;

        public int GetHashCode((object Writer, object? Reader, int Branch) pair) =>
            (RuntimeHelpers.GetHashCode(pair.Writer) * 397)
            ^ (pair.Reader is null ? 0 : RuntimeHelpers.GetHashCode(pair.Reader))
            ^ pair.Branch;
    }
}
