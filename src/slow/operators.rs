//! MongoDB's own words: what else begins with `$` may be content.

/// All operators of filters, updates, stages and expressions, sorted.
#[rustfmt::skip]
const OPERATORS: &[&str] = &[
    "$abs", "$accumulator", "$acos", "$acosh", "$add", "$addFields", "$addToSet", "$all",
    "$allElementsTrue", "$and", "$anyElementTrue", "$arrayElemAt", "$arrayToObject", "$asin",
    "$asinh", "$atan", "$atan2", "$atanh", "$avg", "$binarySize", "$bit", "$bitAnd", "$bitNot",
    "$bitOr", "$bitXor", "$bitsAllClear", "$bitsAllSet", "$bitsAnyClear", "$bitsAnySet", "$bottom",
    "$bottomN", "$box", "$bsonSize", "$bucket", "$bucketAuto", "$ceil", "$center", "$centerSphere",
    "$changeStream", "$cmp", "$collStats", "$comment", "$concat", "$concatArrays", "$cond",
    "$convert", "$cos", "$cosh", "$count", "$covariancePop", "$covarianceSamp", "$currentDate",
    "$currentOp", "$dateAdd", "$dateDiff", "$dateFromParts", "$dateFromString", "$dateSubtract",
    "$dateToParts", "$dateToString", "$dateTrunc", "$dayOfMonth", "$dayOfWeek", "$dayOfYear",
    "$degreesToRadians", "$denseRank", "$densify", "$derivative", "$divide", "$documentNumber",
    "$documents", "$each", "$elemMatch", "$eq", "$exists", "$exp", "$expMovingAvg", "$expr",
    "$facet", "$fill", "$filter", "$first", "$firstN", "$floor", "$function", "$geoIntersects",
    "$geoNear", "$geoWithin", "$geometry", "$getField", "$graphLookup", "$group", "$gt", "$gte",
    "$hour", "$ifNull", "$in", "$inc", "$indexOfArray", "$indexOfBytes", "$indexOfCP",
    "$indexStats", "$integral", "$isArray", "$isNumber", "$isoDayOfWeek", "$isoWeek",
    "$isoWeekYear", "$jsonSchema", "$language", "$last", "$lastN", "$let", "$limit", "$linearFill",
    "$listSearchIndexes", "$literal", "$ln", "$locf", "$log", "$log10", "$lookup", "$lt", "$lte",
    "$ltrim", "$map", "$match", "$max", "$maxDistance", "$maxN", "$median", "$merge",
    "$mergeObjects", "$meta", "$millisecond", "$min", "$minDistance", "$minN", "$minute", "$mod",
    "$month", "$mul", "$multiply", "$ne", "$near", "$nearSphere", "$nin", "$nor", "$not",
    "$objectToArray", "$options", "$or", "$out", "$percentile", "$planCacheStats", "$polygon",
    "$pop", "$position", "$pow", "$project", "$pull", "$pullAll", "$push", "$radiansToDegrees",
    "$rand", "$range", "$rank", "$redact", "$reduce", "$regex", "$regexFind", "$regexFindAll",
    "$regexMatch", "$rename", "$replaceAll", "$replaceOne", "$replaceRoot", "$replaceWith",
    "$reverseArray", "$round", "$rtrim", "$sample", "$sampleRate", "$search", "$searchMeta",
    "$second", "$set", "$setDifference", "$setEquals", "$setField", "$setIntersection",
    "$setIsSubset", "$setOnInsert", "$setUnion", "$setWindowFields", "$shift", "$sin", "$sinh",
    "$size", "$skip", "$slice", "$sort", "$sortArray", "$sortByCount", "$split", "$sqrt",
    "$stdDevPop", "$stdDevSamp", "$strLenBytes", "$strLenCP", "$strcasecmp", "$substr",
    "$substrBytes", "$substrCP", "$subtract", "$sum", "$switch", "$tan", "$tanh", "$text",
    "$toBool", "$toDate", "$toDecimal", "$toDouble", "$toInt", "$toLong", "$toLower", "$toObjectId",
    "$toString", "$toUUID", "$toUpper", "$top", "$topN", "$trim", "$trunc", "$tsIncrement",
    "$tsSecond", "$type", "$unionWith", "$uniqueDocs", "$unset", "$unsetField", "$unwind",
    "$vectorSearch", "$week", "$where", "$xor", "$year", "$zip",
];

/// Returns an operator's name as it stands here, or nothing where it is none.
pub(super) fn operator(name: &str) -> Option<&'static str> {
    let at = OPERATORS.binary_search(&name).ok()?;
    Some(OPERATORS[at])
}

/// Returns what stages call their own arguments.
fn arguments(stage: &str) -> &'static [&'static str] {
    match stage {
        "$lookup" => &[
            "from",
            "localField",
            "foreignField",
            "let",
            "pipeline",
            "as",
        ],
        "$graphLookup" => &[
            "from",
            "startWith",
            "connectFromField",
            "connectToField",
            "as",
        ],
        "$unionWith" => &["coll", "pipeline"],
        "$geoNear" => &["near", "query", "distanceField", "key"],
        "$bucket" => &["groupBy", "boundaries", "default", "output"],
        "$unwind" => &["path", "preserveNullAndEmptyArrays", "includeArrayIndex"],
        "$replaceRoot" => &["newRoot"],
        "$merge" => &["into", "on", "whenMatched", "whenNotMatched"],
        "$setWindowFields" => &["partitionBy", "sortBy", "output"],
        _ => &[],
    }
}

/// Returns an argument's name as it stands here, or nothing where the stage has none of that name.
pub(super) fn argument(stage: &str, name: &str) -> Option<&'static str> {
    let mut own = arguments(stage).iter();
    own.find(|own| **own == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operator_is_found() {
        for own in OPERATORS {
            assert_eq!(operator(own), Some(*own));
        }
        assert_eq!(operator("$canary"), None);
        assert_eq!(argument("$lookup", "from"), Some("from"));
        assert_eq!(argument("$set", "from"), None);
    }
}
